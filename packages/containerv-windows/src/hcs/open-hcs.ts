import { ContainervError } from 'containerv-api';
import { loadKoffi } from '../native/koffi.js';
import { Library } from '../native/library.js';
import { Privileges } from '../native/privileges.js';
import { SiloJobs } from '../native/silo-jobs.js';
import { memoryFunctions } from '../native/memory.js';
import { ComputecoreApi } from './computecore-api.js';
import { bindComputecore } from './computecore-functions.js';
import { deadlines } from './deadlines.js';
import { bindLayers } from '../storage/layer-functions.js';
import { LayerStorage } from '../storage/layer-storage.js';
import { bindVirtualDisks } from '../storage/virtual-disk-functions.js';
import { VirtualDisks } from '../storage/virtual-disks.js';
import type { Deadlines, HcsApi } from './hcs-api.js';
import { VmcomputeApi } from './vmcompute-api.js';
import { bindVmcompute } from './vmcompute-functions.js';

/** What the driver has of Windows. */
export interface HostComputeService {
  readonly hcs: HcsApi;
  readonly storage: LayerStorage;
  /** `undefined`: this build cannot make disks. */
  readonly disks: VirtualDisks | undefined;
  readonly privileges: Privileges;
  /** `undefined`: this Windows does not tell of them. */
  readonly jobs: SiloJobs | undefined;
}

let opened: Promise<HostComputeService> | undefined;

/**
 * The Host Compute Service through the newest library that this Windows has; loaded on first use, and again after a
 * failure. `CONTAINERV_HCS_LIBRARY=vmcompute` takes the older one.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when it has none, with the command that installs it.
 */
export async function openHcs(): Promise<HostComputeService> {
  opened ??= loadHcs(deadlines());
  try {
    return await opened;
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

/** As {@link openHcs}, each time anew. */
export async function loadHcs(times: Deadlines): Promise<HostComputeService> {
  const koffi = await loadKoffi();
  const computecore =
    process.env['CONTAINERV_HCS_LIBRARY'] === 'vmcompute'
      ? undefined
      : Library.open(koffi, 'computecore.dll');
  // Also beside the newer library: layers are its business.
  const vmcompute = Library.open(koffi, 'vmcompute.dll');
  const ole32 = Library.open(koffi, 'ole32.dll');
  const kernel32 = Library.open(koffi, 'kernel32.dll');
  const advapi32 = Library.open(koffi, 'advapi32.dll');
  if (!vmcompute || !ole32 || !kernel32 || !advapi32) throw missing();
  const memory = memoryFunctions(koffi, ole32, kernel32);
  const hcs =
    computecore === undefined
      ? new VmcomputeApi(bindVmcompute(koffi, vmcompute, memory), times)
      : new ComputecoreApi(bindComputecore(koffi, computecore, memory), times);
  const ntdll = Library.open(koffi, 'ntdll.dll');
  const computestorage = Library.open(koffi, 'computestorage.dll');
  const layers = bindLayers(koffi, vmcompute, computestorage, computecore);
  const virtdisk = Library.open(koffi, 'virtdisk.dll');
  const disks = bindVirtualDisks(koffi, memory, virtdisk, computestorage, kernel32);
  return {
    hcs,
    storage: new LayerStorage(layers, times),
    privileges: new Privileges(koffi, advapi32, kernel32),
    jobs: ntdll === undefined ? undefined : new SiloJobs(koffi, ntdll, kernel32),
    disks: disks === undefined ? undefined : new VirtualDisks(disks, times),
  };
}

function missing(): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'This Windows has no Host Compute Service', {
    step: 'load driver',
    path: 'vmcompute.dll',
    hint: 'Run as administrator: Enable-WindowsOptionalFeature -Online -FeatureName Containers -All; then restart.',
  });
}
