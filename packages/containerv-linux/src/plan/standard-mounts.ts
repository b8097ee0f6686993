import type { ContainerSpec } from 'containerv-api';
import type { MountFlag, RootOperation } from './operation.js';
import { liesOnHost } from './root-layers.js';

const INERT: readonly MountFlag[] = ['nosuid', 'nodev', 'noexec'];
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/** Default maskedPaths and readonlyPaths of the OCI runtime specification's users (containerd, moby). */
const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  // Writing there makes the host watch itself for whoever wrote, without any privilege since Linux 6.4.
  '/proc/pressure',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

export interface StandardMountContext {
  /** Whether group 5, `tty`, exists in the container's user namespace. */
  readonly ttyGroup: boolean;
  /** Whether the host has a cgroup v2 hierarchy with controllers at /sys/fs/cgroup. */
  readonly unifiedCgroup: boolean;
  /** Upper bound of what /tmp and /dev/shm hold. */
  readonly memoryBytes: number;
}

/** /proc, /dev, /sys and /tmp. */
export function standardMounts(spec: ContainerSpec, context: StandardMountContext): RootOperation[] {
  return [...proc(spec), ...dev(spec, context), ...sys(spec, context), ...temporary(spec, context)];
}

/** What comes after everything else below /proc and /sys is in place. */
export function hardening(spec: ContainerSpec): RootOperation[] {
  return [
    ...Object.entries(spec.sysctls).map(
      ([name, value]): RootOperation => ({ op: 'sysctl', key: name.replaceAll('.', '/'), value }),
    ),
    ...MASKED_PATHS.map((path): RootOperation => ({ op: 'mask', path })),
    ...READONLY_PATHS.map((path): RootOperation => ({ op: 'readonly', path })),
    ...(spec.writable === false ? [{ op: 'root-readonly' } as const] : []),
  ];
}

function proc(spec: ContainerSpec): RootOperation[] {
  // A new instance shows the pid namespace of who mounts it, which in a user namespace must be its own.
  if (spec.namespaces.pid) return [system('/proc', 'proc', INERT)];
  return [
    { op: 'bind', path: '/proc', source: '/proc', flags: [...target(spec), 'recursive'], attributes: INERT },
  ];

  function system(path: string, type: string, attributes: readonly MountFlag[]): RootOperation {
    return { op: 'mount', path, flags: target(spec), type, source: type, attributes };
  }
}

function dev(spec: ContainerSpec, context: StandardMountContext): RootOperation[] {
  return [
    {
      op: 'mount',
      path: '/dev',
      flags: target(spec),
      type: 'tmpfs',
      source: 'dev',
      // What is shown in it are mounts of their own: a node that somebody makes inside opens nothing.
      attributes: INERT,
      options: { mode: '0755', size: '64k' },
    },
    // The host's device files, read-only: that leaves reading and writing the devices as it is, and nobody
    // inside can change their modes or owners on the host.
    ...DEVICES.map(
      (name): RootOperation => ({
        op: 'bind',
        path: `/dev/${name}`,
        source: `/dev/${name}`,
        flags: ['create', 'no-symlinks'],
        attributes: ['readonly', 'nosuid', 'noexec'],
      }),
    ),
    {
      op: 'mount',
      path: '/dev/pts',
      flags: ['create', 'no-symlinks'],
      type: 'devpts',
      source: 'devpts',
      attributes: ['nosuid', 'noexec'],
      options: { newinstance: '', ptmxmode: '0666', mode: '0620', ...(context.ttyGroup ? { gid: '5' } : {}) },
    },
    { op: 'symlink', path: '/dev/ptmx', target: 'pts/ptmx' },
    { op: 'symlink', path: '/dev/fd', target: '/proc/self/fd' },
    { op: 'symlink', path: '/dev/stdin', target: '/proc/self/fd/0' },
    { op: 'symlink', path: '/dev/stdout', target: '/proc/self/fd/1' },
    { op: 'symlink', path: '/dev/stderr', target: '/proc/self/fd/2' },
    { op: 'file', path: '/dev/console', flags: [], content: '' },
    ...(spec.namespaces.ipc ? ownIpc(context) : sharedIpc()),
  ];
}

function ownIpc(context: StandardMountContext): RootOperation[] {
  return [
    tmpfs('/dev/shm', context, ['noexec']),
    {
      op: 'mount',
      path: '/dev/mqueue',
      flags: ['create', 'skip-unsupported'],
      type: 'mqueue',
      source: 'mqueue',
      attributes: INERT,
    },
  ];
}

function sharedIpc(): RootOperation[] {
  return [{ op: 'bind', path: '/dev/shm', source: '/dev/shm', flags: ['create'], attributes: INERT }];
}

function sys(spec: ContainerSpec, context: StandardMountContext): RootOperation[] {
  const attributes: readonly MountFlag[] = ['readonly', ...INERT];
  // sysfs shows a network namespace, and who mounts it must own that.
  if (!spec.namespaces.net) {
    return [{ op: 'bind', path: '/sys', source: '/sys', flags: [...target(spec), 'recursive'], attributes }];
  }
  const mounts: RootOperation[] = [
    { op: 'mount', path: '/sys', flags: target(spec), type: 'sysfs', source: 'sysfs', attributes },
  ];
  if (context.unifiedCgroup && spec.namespaces.cgroup) {
    const flags = ['skip-missing', 'no-symlinks'] as const;
    mounts.push({
      op: 'mount',
      path: '/sys/fs/cgroup',
      flags,
      type: 'cgroup2',
      source: 'cgroup2',
      attributes,
    });
  }
  return mounts;
}

/** A root that must not be changed and has no /tmp has none. */
function temporary(spec: ContainerSpec, context: StandardMountContext): RootOperation[] {
  const mount = tmpfs('/tmp', context, []);
  return [keepsRoot(spec) && mount.op === 'mount' ? { ...mount, flags: ['skip-missing'] } : mount];
}

function tmpfs(
  path: string,
  { memoryBytes }: StandardMountContext,
  more: readonly MountFlag[],
): RootOperation {
  return {
    op: 'mount',
    path,
    flags: ['create'],
    type: 'tmpfs',
    source: 'tmpfs',
    attributes: ['nosuid', 'nodev', ...more],
    options: { mode: '1777', size: String(memoryBytes) },
  };
}

/** Whether the root is the caller's own and must stay as it is: not even a mount point may be made in it. */
export function keepsRoot({ writable, root }: ContainerSpec): boolean {
  return writable === false && !liesOnHost(root);
}

/** /proc, /sys and /dev must be what they say: a link by that name is refused (CVE-2019-19921, CVE-2023-27561). */
function target(spec: ContainerSpec): readonly ('create' | 'no-symlinks')[] {
  return keepsRoot(spec) ? ['no-symlinks'] : ['create', 'no-symlinks'];
}
