import { win32 } from 'node:path';
import {
  type Container,
  type ContainerOptions,
  ContainervError,
  type ContainerSpec,
  resolveContainerOptions,
  throwIfAborted,
  UndoStack,
  windowsOptionsFromEnv,
} from 'containerv-api';
import { boot, type BootInput, withCleanupFailures } from './boot.js';
import { WindowsContainer } from './container.js';
import { type Guest, guestOf } from './documents/guest.js';
import { hcsLimits, machineMemoryMb } from './documents/limits.js';
import { openHcs } from './hcs/open-hcs.js';
import { type HostFacts, hostFacts, refuseOldBuild } from './host-facts.js';
import { LiveContainer } from './live-container.js';
import { pruneOnce, removeDead } from './prune-containers.js';
import { ownSystems } from './remove-container.js';
import type { Runtime } from './runtime.js';
import { windowsAccount } from './security/windows-account.js';
import { type Claim, claimNew } from './state/claim.js';
import { baseDirectories, ensureDirectories } from './state/directories.js';
import { writeJoinFile } from './state/join-file.js';
import { ownerTag, type StateRecord, writeState } from './state/state-file.js';
import { type FoundStorage, findStorage, prepareStorage } from './storage/container-storage.js';
import { refuseUnsupported } from './supported.js';

const MAX_ATTEMPTS = 100;

/**
 * Makes a container and starts it. Nothing is left behind when it rejects.
 *
 * @throws ContainervError with any of the codes; `step` says what was being done.
 * @example
 * await using container = await createContainer({ rootfs: 'C:\\images\\nanoserver' });
 * const { stdout } = await container.run('cmd.exe', ['/c', 'ver']);
 */
export async function createContainer(options: ContainerOptions = {}): Promise<Container> {
  return createOn(hostFacts(), options);
}

/** On a machine like this one. */
export async function createOn(facts: HostFacts, options: ContainerOptions): Promise<Container> {
  const spec = withMachineOfEnvironment(resolveContainerOptions(options));
  refuseOldBuild(facts);
  const guest = guestOf(spec, facts.build);
  refuseUnsupported(spec, guest);
  refuseUntellable(spec, guest, facts);
  const base = baseDirectories();
  throwIfAborted(spec.signal, 'create container');
  const found = await findStorage(spec, guest);
  const service = await openHcs();
  await ensureDirectories(base);
  await pruneOnce(service, base, facts);
  throwIfAborted(spec.signal, 'create container');
  const input = {
    spec,
    facts,
    service,
    dataDirectory: win32.join(base.data, spec.id),
    owner: ownerTag(base),
  };
  const directory = win32.join(base.state, spec.id);
  const claim = await claimId(input, directory);
  const undo = new UndoStack();
  try {
    const container = await make(input, found, guest, claim, undo);
    undo.release();
    return container;
  } catch (error) {
    throw await takenBack(error, undo, claim);
  }
}

/** Without its description nothing that is left would be found, so that goes only when everything else has gone. */
async function takenBack(error: unknown, undo: UndoStack, claim: Claim): Promise<ContainervError> {
  const told = withCleanupFailures(error, await undo.run());
  try {
    await ('cleanupErrors' in told ? claim.release() : claim.remove());
    return told;
  } catch (failure) {
    return withCleanupFailures(told, [failure]);
  }
}

/** The virtual machine of Linux containers, as Chef's variables have it, where the options do not. */
function withMachineOfEnvironment(spec: ContainerSpec): ContainerSpec {
  if (spec.windows?.containerType !== 'linux' || spec.windows.lcow !== undefined) return spec;
  const { lcow } = windowsOptionsFromEnv(process.env);
  return { ...spec, windows: { ...spec.windows, lcow } };
}

/** What documents cannot say is found before anything is made. */
function refuseUntellable(spec: ContainerSpec, guest: Guest, { processors }: HostFacts): void {
  const { memoryMb } = hcsLimits(spec.limits, processors, guest);
  if (guest.isolation === 'hyperv' && guest.schema === 'v2') machineMemoryMb(memoryMb);
  if (guest.os === 'windows') windowsAccount(spec.user, spec.policy);
}

async function claimId(input: Omit<BootInput, 'storage'>, directory: string): Promise<Claim> {
  const { id } = input.spec;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const claim = await claimNew(directory);
    if (claim !== 'exists') return claim;
    // Taken by a container whose owner has crashed: that is cleared first.
    const systems = await ownSystems(input.service.hcs, input.owner);
    if ((await removeDead(input, directory, id, systems, [])) === 'alive') {
      throw new ContainervError('ERR_CONTAINERV_EXISTS', `There is a container '${id}' already`, {
        step: 'create container',
        hint: 'Choose another id, join that one, or remove it: containerv rm',
      });
    }
  }
  throw new ContainervError(
    'ERR_CONTAINERV_STATE',
    `The directory of '${id}' is removed as often as it is made`,
    { step: 'create container' },
  );
}

/** A boot that fails has left nothing of it, which whoever removes the rest has to know. */
async function bootOrNote(input: BootInput, claim: Claim, record: StateRecord): Promise<Runtime> {
  try {
    return await boot(input);
  } catch (error) {
    if (error instanceof Error && !('cleanupErrors' in error)) {
      await writeState(claim.directory, { ...record, stopped: true });
    }
    throw error;
  }
}

async function make(
  input: Omit<BootInput, 'storage'>,
  found: FoundStorage,
  guest: Guest,
  claim: Claim,
  undo: UndoStack,
): Promise<Container> {
  const { spec, service, dataDirectory } = input;
  const storage = await prepareStorage(service.storage, found, guest, dataDirectory, undo);
  const record: StateRecord = {
    version: 1,
    ownerPid: process.pid,
    createdAt: new Date().toISOString(),
    stopped: false,
    spec,
    storage,
    enforced: null,
    endpointId: null,
  };
  // Before anything outside of our directories is made, so that whoever cleans up knows what to look for.
  await writeJoinFile(claim.directory, spec, input.owner);
  await writeState(claim.directory, record);
  const runtime = await bootOrNote({ ...input, storage }, claim, record);
  undo.push(async () => {
    const [failure] = await runtime.undo.run();
    if (failure !== undefined) throw withCleanupFailures(failure, []);
  });
  const described = { ...record, enforced: runtime.enforced, endpointId: runtime.endpointId };
  await writeState(claim.directory, described);
  throwIfAborted(spec.signal, 'create container');
  const live = new LiveContainer({
    // The signal was for the creation.
    boot: { ...input, storage, spec: { ...spec, signal: undefined } },
    directory: claim.directory,
    record: described,
    claim,
    runtime,
    paused: false,
  });
  const container = new WindowsContainer(live);
  setImmediate(() => {
    for (const warning of runtime.warnings) container.warn(warning);
  });
  return container;
}
