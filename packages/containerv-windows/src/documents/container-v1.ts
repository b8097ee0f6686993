import { containerPath, type ContainerSpec } from 'containerv-api';
import { machineKernel } from '../lcow/kernel-command-line.js';
import { BUILD, type ContainerStorage, type WindowsHost } from '../windows-host.js';
import type { Guest } from './guest.js';
import { compact, type Json, type JsonObject, OWNER, unlessEmpty } from './json.js';
import { type HcsLimits, hcsLimits } from './limits.js';
import { mappedDirectories } from './mapped-directories.js';
import { storageMismatch } from './storage-mismatch.js';

/** One container in the older form, without a schema version: HCS makes the virtual machine, if any, by itself. */
export function containerV1(spec: ContainerSpec, host: WindowsHost, guest: Guest): JsonObject {
  const limits = hcsLimits(spec.limits, host.processors, guest);
  return compact({
    SystemType: 'Container',
    Name: spec.id,
    Owner: host.owner ?? OWNER,
    HostName: spec.hostname,
    TerminateOnLastHandleClosed: !spec.detached,
    HvPartition: guest.isolation === 'hyperv',
    ...root(spec, host.storage, guest, host.processors),
    ...processor(limits),
    MemoryMaximumInMB: limits.memoryMb,
    StorageIOPSMaximum: limits.iopsMaximum,
    StorageBandwidthMaximum: limits.bytesPerSecondMaximum,
    MappedDirectories: unlessEmpty(directories(spec, host, guest)),
    EndpointList: unlessEmpty(host.endpoints ?? []),
    Credentials: spec.windows?.credentialSpec,
  });
}

function root(
  spec: ContainerSpec,
  storage: ContainerStorage,
  guest: Guest,
  processors: number,
): Readonly<Record<string, Json | undefined>> {
  if (storage.kind === 'linux') {
    const kernel = machineKernel(storage, spec.windows?.lcow?.bootParameters, processors);
    return {
      ContainerType: 'Linux',
      Layers: [],
      HvRuntime: compact({
        ImagePath: kernel.folder,
        LinuxKernelFile: kernel.kernelFile,
        LinuxInitrdFile: kernel.initrdFile,
        LinuxBootParameters: spec.windows?.lcow?.bootParameters,
      }),
    };
  }
  const common = {
    IgnoreFlushesDuringBoot: true,
    LayerFolderPath: storage.scratchPath,
    Layers: storage.layers.map(({ id, path }) => ({ ID: id, Path: path })),
  };
  if (guest.isolation === 'process') {
    if (storage.volumePath === undefined) throw storageMismatch('the volume of a prepared scratch layer');
    // Without the backslash here, with it in schema v2.
    return { ...common, VolumePath: storage.volumePath.replace(/\\$/, '') };
  }
  if (storage.utilityVmPath === undefined) throw storageMismatch('a utility virtual machine');
  return { ...common, HvRuntime: { ImagePath: storage.utilityVmPath, SkipTemplate: false } };
}

function processor({ processor: limit }: HcsLimits): JsonObject {
  return limit.kind === 'maximum' ? { ProcessorMaximum: limit.value } : { ProcessorWeight: limit.value };
}

function directories(spec: ContainerSpec, host: WindowsHost, guest: Guest): JsonObject[] {
  const mapped = mappedDirectories(spec, host, guest).map(({ hostPath, target, readonly }) => ({
    HostPath: hostPath,
    ContainerPath: guest.os === 'linux' ? containerPath(target, 'lcow') : target,
    ReadOnly: readonly,
  }));
  if (host.storage.kind !== 'linux') return mapped;
  const own = {
    HostPath: host.storage.rootfsPath,
    ContainerPath: containerPath('/', 'lcow'),
    ReadOnly: spec.writable === false,
  };
  // A boolean since 17134; before, the field is unknown and the whole document would be refused.
  const metadata = host.build > BUILD.rs3 ? { LinuxMetadata: true } : {};
  return [own, ...mapped].map((directory) => ({ ...directory, ...metadata }));
}
