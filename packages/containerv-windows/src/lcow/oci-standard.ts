import type { JsonObject } from '../documents/json.js';

/** File systems that every Linux container has (config-linux.md, "Default Filesystems"). */
export const STANDARD_MOUNTS: readonly JsonObject[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
  },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
];

/** Name, major and minor number (Linux, Documentation/admin-guide/devices.txt). */
const CHARACTER_DEVICES = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
] as const;

export const STANDARD_DEVICES: readonly JsonObject[] = CHARACTER_DEVICES.map(([name, major, minor]) => ({
  path: `/dev/${name}`,
  type: 'c',
  major,
  minor,
  fileMode: 0o666,
  uid: 0,
  gid: 0,
}));

/** Everything denied first, then the standard devices and terminals: without the first rule the others mean nothing. */
export function deviceRules(): JsonObject[] {
  const allowed = [...CHARACTER_DEVICES.map(([, major, minor]) => [major, minor] as const), [5, 2] as const];
  return [
    { allow: false, access: 'rwm' },
    ...allowed.map(([major, minor]) => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
    // Every terminal of the container's own devpts.
    { allow: true, type: 'c', major: 136, access: 'rwm' },
  ];
}

/** Parts of proc and sysfs that tell about, or reach, the kernel as a whole. */
export const MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
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

export const READONLY_PATHS: readonly string[] = [
  '/proc/asound',
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];
