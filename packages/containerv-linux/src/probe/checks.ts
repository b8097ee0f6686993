import type { HostCheck } from 'containerv-api';
import { WRITES_COMPLETE_ABI } from '../landlock/file-rights.js';
import type { BaseDirectories } from '../state/directories.js';
import type { HostFiles } from './host-files.js';

/** Magic numbers (statfs(2)) of file systems that overlayfs refuses to write to: they change names or files by themselves. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x794c7630, 'another overlay'],
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x4d44, 'FAT'],
  [0x2011bab0, 'exFAT'],
  [0xf15f, 'eCryptfs'],
]);

/** System calls that containerv uses when they are there, and since when they are. */
const NEWER_CALLS: readonly (readonly [name: string, number: number, since: string])[] = [
  ['open_tree', 428, '5.2'],
  ['clone3', 435, '5.3'],
  ['openat2', 437, '5.6'],
  ['close_range', 436, '5.9'],
  ['mount_setattr', 442, '5.12'],
];

export function checkKernel(release: string, hasSystemCall: (number: number) => boolean): HostCheck {
  const missing = NEWER_CALLS.filter(([, number]) => !hasSystemCall(number));
  if (missing.length === 0) return { name: 'kernel', status: 'ok', detail: `Linux ${release}` };
  const listed = missing.map(([name, , since]) => `${name} (Linux ${since})`).join(', ');
  return {
    name: 'kernel',
    status: 'degraded',
    detail: `Linux ${release} without ${listed}; containers work by older system calls`,
    fix: 'Upgrade to Linux 5.12 or newer, or let the sandbox around this program pass these calls.',
  };
}

const USER_NAMESPACE_SWITCHES: readonly (readonly [
  file: string,
  setting: string,
  forbids: string,
  allows: string,
])[] = [
  ['/proc/sys/user/max_user_namespaces', 'user.max_user_namespaces', '0', '15000'],
  ['/proc/sys/kernel/unprivileged_userns_clone', 'kernel.unprivileged_userns_clone', '0', '1'],
  [
    '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    'kernel.apparmor_restrict_unprivileged_userns',
    '1',
    '0',
  ],
];

export function checkUserNamespaces(host: HostFiles): HostCheck {
  const name = 'user namespaces';
  if (!host.exists('/proc/self/ns/user')) {
    return {
      name,
      status: 'missing',
      detail: 'The kernel is built without CONFIG_USER_NS.',
      fix: 'Use a kernel that has it.',
    };
  }
  for (const [file, setting, forbids, allows] of USER_NAMESPACE_SWITCHES) {
    if (host.read(file)?.trim() !== forbids) continue;
    // Root is bound by the number, not by what is said of unprivileged users.
    if (host.uid === 0 && setting !== 'user.max_user_namespaces') continue;
    return {
      name,
      status: 'missing',
      detail: `${setting} is ${forbids}`,
      fix: `sudo sysctl -w ${setting}=${allows}`,
    };
  }
  return { name, status: 'ok', detail: host.uid === 0 ? 'available' : 'available to this user' };
}

/** As /proc/self/ns and /proc/sys/user/max_*_namespaces name them. */
const NAMESPACES = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const;

export function checkNamespaces(host: HostFiles): HostCheck {
  const name = 'namespaces';
  const missing = NAMESPACES.filter((kind) => !host.exists(`/proc/self/ns/${kind}`));
  if (missing.length > 0) {
    return {
      name,
      status: 'missing',
      detail: `The kernel lacks: ${missing.join(', ')}`,
      fix: 'Use a kernel that has them.',
    };
  }
  const none = NAMESPACES.map((kind) => `max_${kind}_namespaces`).filter(
    (setting) => host.read(`/proc/sys/user/${setting}`)?.trim() === '0',
  );
  if (none.length === 0) return checkTime(host, name);
  return {
    name,
    status: 'missing',
    detail: `None may be made: ${none.map((setting) => `user.${setting} is 0`).join(', ')}`,
    fix: `sudo sysctl -w ${none.map((setting) => `user.${setting}=15000`).join(' ')}`,
  };
}

/** Off by default, so containers do without. */
function checkTime(host: HostFiles, name: string): HostCheck {
  const others = 'mount, pid, network, ipc, uts, cgroup';
  if (host.exists('/proc/self/ns/time')) return { name, status: 'ok', detail: `${others}, time` };
  return {
    name,
    status: 'degraded',
    detail: `${others}, and none of time: clocks of containers are the host's.`,
    fix: 'Use Linux 5.6 or newer with CONFIG_TIME_NS.',
  };
}

export function checkSeccomp(host: HostFiles): HostCheck {
  const actions = host.read('/proc/sys/kernel/seccomp/actions_avail')?.trim().split(' ') ?? [];
  const missing = ['kill_process', 'errno', 'allow'].filter((action) => !actions.includes(action));
  const name = 'seccomp';
  if (missing.length === 0) return { name, status: 'ok', detail: actions.join(' ') };
  return {
    name,
    status: 'missing',
    detail: actions.length === 0 ? 'No seccomp filters in this kernel.' : `Lacks: ${missing.join(', ')}`,
    fix: 'Use a kernel with CONFIG_SECCOMP_FILTER.',
  };
}

/** Parts of Landlock that containerv uses, and the ABI that brought them. */
const LANDLOCK_PARTS: readonly (readonly [part: string, since: number])[] = [
  ['truncation', WRITES_COMPLETE_ABI],
  ['ports of TCP', 4],
  ['commands to devices', 5],
  ['scopes for signals and abstract sockets', 6],
  ['sockets in the file system', 9],
];

export function checkLandlock(abi: number): HostCheck {
  const name = 'Landlock';
  const missing = LANDLOCK_PARTS.filter(([, since]) => abi < since).map(
    ([part, since]) => `${part} (ABI ${since})`,
  );
  const lacks = missing.length === 0 ? '' : `, without ${missing.join(', ')}`;
  if (abi >= WRITES_COMPLETE_ABI) return { name, status: 'ok', detail: `ABI ${abi}${lacks}` };
  if (abi > 0) {
    const detail = `ABI ${abi}${lacks}: file rules do not keep what they let be read from being emptied.`;
    return { name, status: 'degraded', detail, fix: 'Upgrade to Linux 6.2 or newer.' };
  }
  return {
    name,
    status: 'degraded',
    detail: 'Not available: file rules of policies cannot be enforced.',
    fix: "Add 'landlock' to the kernel's lsm= parameter (Linux 5.13 or newer), and boot again.",
  };
}

export function checkOverlay(host: HostFiles, { data }: BaseDirectories): HostCheck {
  const name = 'overlayfs';
  if (host.read('/proc/filesystems')?.includes('\toverlay\n') !== true) {
    return { name, status: 'missing', detail: 'The kernel does not know it.', fix: 'sudo modprobe overlay' };
  }
  const refused = REFUSED.get(host.fileSystem(data) ?? 0);
  if (refused === undefined) return { name, status: 'ok', detail: `writes go to ${data}` };
  return {
    name,
    status: 'missing',
    detail: `${data} is on ${refused}, which overlayfs cannot write to.`,
    fix: "export CONTAINERV_DATA_DIR=/path/on/another/file/system   (or use writable: 'tmpfs')",
  };
}

/** Mounts over parts of /proc keep the kernel from mounting a new one in a user namespace (mount_too_revealing). */
export function checkProc(host: HostFiles): HostCheck {
  const name = '/proc';
  const covered = (host.read('/proc/self/mountinfo') ?? '')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith('/proc/') && point !== '/proc/sys/fs/binfmt_misc');
  if (covered.length === 0) return { name, status: 'ok', detail: 'whole' };
  return {
    name,
    status: 'missing',
    detail: `Covered at ${covered.slice(0, 3).join(', ')}${covered.length > 3 ? ', ...' : ''}: this is a container itself.`,
    fix: 'Start the surrounding container with an unmasked /proc: docker run --security-opt systempaths=unconfined',
  };
}

export function checkMemfd(host: HostFiles): HostCheck {
  const name = 'sealed executables';
  if (host.read('/proc/sys/vm/memfd_noexec')?.trim() !== '2')
    return { name, status: 'ok', detail: 'memfd_create' };
  return {
    name,
    status: 'missing',
    detail: 'vm.memfd_noexec is 2: init cannot be started from sealed memory.',
    fix: 'sudo sysctl -w vm.memfd_noexec=1',
  };
}
