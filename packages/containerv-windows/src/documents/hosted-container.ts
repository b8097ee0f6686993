import { type ContainerSpec, containerPath, ROOT_USER } from 'containerv-api';
import { ociSpecification } from '../lcow/oci-specification.js';
import type { OciProcessInput } from '../lcow/oci-process.js';
import { joinPath } from '../layers/windows-path.js';
import type { WindowsHost } from '../windows-host.js';
import { networking } from './container-v2.js';
import { guestOf } from './guest.js';
import { compact, type JsonObject, OWNER, SCHEMA_2_1, unlessEmpty } from './json.js';
import { mappedDirectories } from './mapped-directories.js';
import { storageMismatch } from './storage-mismatch.js';

/** Where the guest sees shares of the host (hcsshim's vsmb.go has the same identifier). */
const VSMB = '\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}';
/** Where the container's root is put together in a Windows guest. */
const WINDOWS_ROOT = 'C:\\c';
/** The machine's own disk and the scratch layer are before it. */
const FIRST_VOLUME = 2;
const LINUX_BUNDLE = '/run/gcs/c';
const PLAN9_PORT = 564;
const PLAN9_READONLY = 1;
const PLAN9_LINUX_METADATA = 4;

const READONLY_SHARE: JsonObject = { ReadOnly: true, PseudoOplocks: true, CacheIo: true, ShareRead: true };
// Removable, because nothing maps them directly.
const WRITABLE_SHARE: JsonObject = { NoDirectmap: true };

/** The second compute system of Hyper-V isolation in schema v2: the container inside the virtual machine. */
export function buildHostedContainer(spec: ContainerSpec, host: WindowsHost, machineId: string): JsonObject {
  return {
    Owner: host.owner ?? OWNER,
    SchemaVersion: SCHEMA_2_1,
    ShouldTerminateOnLastHandleClosed: !spec.detached,
    HostingSystemId: machineId,
    HostedSystem:
      host.storage.kind === 'linux'
        ? {
            SchemaVersion: SCHEMA_2_1,
            OciBundlePath: `${LINUX_BUNDLE}/${spec.id}`,
            OciSpecification: ociSpecification(spec, host, linuxInit(spec)),
          }
        : { SchemaVersion: SCHEMA_2_1, Container: windowsContainer(spec, host) },
  };
}

/** Modify requests that the virtual machine needs before the hosted container, in order. */
export function utilityVmSetup(spec: ContainerSpec, host: WindowsHost): readonly JsonObject[] {
  return host.storage.kind === 'linux' ? linuxSetup(spec, host) : windowsSetup(spec, host);
}

/**
 * The first process of a Linux container, which keeps it there while others come and go: it waits for the end of its
 * input, which comes when the owner goes; for a detached container it waits for ever.
 */
function linuxInit(spec: ContainerSpec): OciProcessInput {
  const script = spec.detached ? 'while :; do sleep 3600; done' : 'while read -r line; do :; done';
  return {
    argv: ['/bin/sh', '-c', script],
    cwd: '/',
    env: spec.env,
    user: ROOT_USER,
    tty: undefined,
    rlimits: [],
  };
}

function windowsContainer(spec: ContainerSpec, host: WindowsHost): JsonObject {
  if (host.storage.kind !== 'windowsfilter') throw storageMismatch('layers');
  const guest = guestOf(spec, host.build);
  return compact({
    GuestOs: { HostName: spec.hostname },
    Storage: {
      Path: joinPath(WINDOWS_ROOT, spec.id),
      Layers: host.storage.layers.map(({ id }, index) => ({ Id: id, Path: `${VSMB}\\l${index}` })),
    },
    MappedDirectories: unlessEmpty([
      ...mappedDirectories(spec, host, guest).map(({ share, target, readonly }) => ({
        HostPath: `${VSMB}\\${share}`,
        ContainerPath: target,
        ReadOnly: readonly,
      })),
      ...(host.volumes ?? []).map(({ target, readonly }, index) => ({
        HostPath: volumeMount(spec, index),
        ContainerPath: containerPath(target, 'wcow'),
        ReadOnly: readonly,
      })),
    ]),
    Networking: networking(host),
  });
}

function windowsSetup(spec: ContainerSpec, host: WindowsHost): JsonObject[] {
  if (host.storage.kind !== 'windowsfilter') throw storageMismatch('layers');
  const { layers, scratchPath } = host.storage;
  const root = joinPath(WINDOWS_ROOT, spec.id);
  const share = (name: string, path: string, options: JsonObject): JsonObject => ({
    ResourcePath: 'VirtualMachine/Devices/VirtualSmb/Shares',
    RequestType: 'Add',
    Settings: { Name: name, Path: path, Options: options },
  });
  return [
    ...layers.map(({ path }, index) =>
      share(`l${index}`, path, { ...READONLY_SHARE, TakeBackupPrivilege: true }),
    ),
    {
      ResourcePath: 'VirtualMachine/Devices/Scsi/0/Attachments/1',
      RequestType: 'Add',
      Settings: { Type: 'VirtualDisk', Path: joinPath(scratchPath, 'sandbox.vhdx') },
      GuestRequest: {
        ResourceType: 'MappedVirtualDisk',
        RequestType: 'Add',
        Settings: { ContainerPath: root, Lun: 1 },
      },
    },
    {
      GuestRequest: {
        ResourceType: 'CombinedLayers',
        RequestType: 'Add',
        Settings: {
          ContainerRootPath: root,
          Layers: layers.map(({ id }, index) => ({ Id: id, Path: `${VSMB}\\l${index}` })),
        },
      },
    },
    ...(host.volumes ?? []).map(({ diskPath, readonly }, index) => ({
      ResourcePath: `VirtualMachine/Devices/Scsi/0/Attachments/${FIRST_VOLUME + index}`,
      RequestType: 'Add',
      Settings: compact({ Type: 'VirtualDisk', Path: diskPath, ReadOnly: readonly || undefined }),
      GuestRequest: {
        ResourceType: 'MappedVirtualDisk',
        RequestType: 'Add',
        Settings: { ContainerPath: volumeMount(spec, index), Lun: FIRST_VOLUME + index },
      },
    })),
    ...mappedDirectories(spec, host, guestOf(spec, host.build)).map((directory) =>
      share(directory.share, directory.hostPath, directory.readonly ? READONLY_SHARE : WRITABLE_SHARE),
    ),
  ];
}

/** Where the machine has a volume, beside the containers' roots. */
function volumeMount({ id }: ContainerSpec, index: number): string {
  return joinPath('C:\\v', id, String(index));
}

function linuxSetup(spec: ContainerSpec, host: WindowsHost): JsonObject[] {
  if (host.storage.kind !== 'linux') throw storageMismatch('a root directory');
  const share = (name: string, path: string, mountPath: string, readonly: boolean): JsonObject => ({
    ResourcePath: 'VirtualMachine/Devices/Plan9/Shares',
    RequestType: 'Add',
    Settings: {
      Name: name,
      AccessName: name,
      Path: path,
      Port: PLAN9_PORT,
      Flags: PLAN9_LINUX_METADATA | (readonly ? PLAN9_READONLY : 0),
    },
    GuestRequest: {
      ResourceType: 'MappedDirectory',
      RequestType: 'Add',
      Settings: { MountPath: mountPath, Port: PLAN9_PORT, ShareName: name, ReadOnly: readonly },
    },
  });
  return [
    share('rootfs', host.storage.rootfsPath, containerPath('/', 'lcow'), spec.writable === false),
    ...mappedDirectories(spec, host, guestOf(spec, host.build)).map(
      ({ share: name, hostPath, target, readonly }) =>
        share(name, hostPath, containerPath(target, 'lcow'), readonly),
    ),
  ];
}
