import { existsSync, readlinkSync } from 'node:fs';
import { type Container, createPolicy } from 'containerv-linux';
import { capabilityNames } from 'containerv-policy';
import { expect } from 'vitest';
import type { Probe } from './probe.js';
import { isRoot } from './suite.js';

type PolicyName = Parameters<typeof createPolicy>[0];

const NAMESPACES = {
  mount: 'mnt',
  pid: 'pid',
  net: 'net',
  ipc: 'ipc',
  uts: 'uts',
  user: 'user',
  cgroup: 'cgroup',
  time: 'time',
};
const CHARACTER_DEVICES = {
  null: [1, 3],
  zero: [1, 5],
  full: [1, 7],
  random: [1, 8],
  urandom: [1, 9],
  tty: [5, 0],
};
const DEVICE_LINKS = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
};
/** Without root the caller's groups cannot be dropped; its own is mapped to 0, others are nobody's. */
export const unavoidableGroups: readonly number[] = isRoot ? [] : [0, 65_534];
const EACCES = 13;
const REFUSALS = new Set([1, 2, EACCES, 30]);
const IFF_UP = 1;

/** Kinds of namespace that a process is in and this one is not. */
export function foreignNamespaces(seen: Probe): string[] {
  return Object.entries(NAMESPACES)
    .filter(([, file]) => seen.namespaces[file] !== readlinkSync(`/proc/self/ns/${file}`))
    .map(([name]) => name)
    .sort();
}

/** Capabilities in a mask as /proc/PID/status prints it. */
export function capabilities(mask: string): string[] {
  const bits = BigInt(`0x${mask}`);
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => (bits >> BigInt(bit)) & 1n)
    .map((bit) => capabilityNames[bit] ?? `${bit}`)
    .sort();
}

/** What a process is, and may do, follows from the policy, and `enforced` says the same. */
export function expectCredentials(seen: Probe, container: Container, policy: PolicyName): void {
  const allowed = [...createPolicy(policy).capabilities].sort();
  const sets = Object.fromEntries(
    ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((set) => [
      set,
      capabilities(seen.statusField(set)),
    ]),
  );
  expect(sets).toEqual({ CapInh: [], CapPrm: allowed, CapEff: allowed, CapBnd: allowed, CapAmb: [] });
  expect({ uids: seen.uids, gids: seen.gids }).toEqual({ uids: [0, 0, 0], gids: [0, 0, 0] });
  expect(seen.groups.filter((group) => !unavoidableGroups.includes(group))).toEqual([]);
  expect(seen.statusField('NoNewPrivs')).toBe('1');
  expect(seen.statusField('Seccomp')).toBe('2');
  expect(container.enforced).toMatchObject({ seccomp: true, noNewPrivileges: true });
  expect([...container.enforced.capabilities].sort()).toEqual(allowed);
}

/** What a process starts with is exact, and nothing of this process or of init. */
export function expectCleanStart(seen: Probe, container: Container): void {
  expect(seen.descriptors).toEqual({
    0: '/dev/null',
    1: expect.stringMatching(/^pipe:/),
    2: expect.stringMatching(/^pipe:/),
  });
  expect(seen.environment).toEqual(['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']);
  expect({ cwd: seen.cwd, hostname: seen.hostname }).toEqual({ cwd: '/', hostname: container.id });
  expect({ parent: seen.parent, leadsItsSession: seen.session === seen.pid }).toEqual({
    parent: 1,
    leadsItsSession: true,
  });
  const signals = ['SigBlk', 'SigIgn', 'SigCgt', 'SigPnd', 'ShdPnd'].map((set) => seen.statusField(set));
  expect(signals).toEqual(Array(5).fill('0'.repeat(16)));
  expect(seen.statusField('Umask')).toBe('0022');
}

/** Other processes and interfaces of the host do not exist in here. */
export function expectAlone(seen: Probe, container: Container, namespaces: readonly string[]): void {
  expect(foreignNamespaces(seen)).toEqual([...namespaces].sort());
  expect([...container.enforced.namespaces].sort()).toEqual([...namespaces].sort());
  expect(container.enforced.userNamespace).toBe(namespaces.includes('user'));
  expect(new Set(seen.processes)).toEqual(new Set([1, seen.pid]));
  expect(Object.keys(seen.interfaces)).toEqual(['lo']);
  expect(Number(seen.interfaces['lo']) & IFF_UP, 'lo is up').toBe(IFF_UP);
  expect(container.enforced).toMatchObject({
    network: 'none',
    isolation: 'namespaces',
    landlock: false,
    bpfLsm: false,
    socketBroker: false,
  });
}

/** Entries of a table of /proc/net below its header. */
function entriesOf(table: string | number | undefined): string[] {
  return String(table).split('\n').slice(1).filter(Boolean);
}

/** The network, control groups and parameters are the container's own: empty, at their root, with their defaults. */
export function expectOwnSurroundings(seen: Probe, container: Container): void {
  const { route, tcp, udp, raw, packet } = seen.network;
  for (const table of [route, tcp, udp, raw, packet]) expect(entriesOf(table)).toEqual([]);
  // Its own sockets, if any: none has a path, and above all none is a control socket.
  expect(
    entriesOf(seen.network['unix']).filter((line) => /[@/]/.test(line.slice(line.lastIndexOf(' ')))),
  ).toEqual([]);
  const groups = seen.cgroup.trim().split('\n');
  expect(groups.length).toBeGreaterThan(0);
  if (container.enforced.namespaces.includes('cgroup'))
    expect(groups.filter((line) => !/^\d+:[^:]*:\/$/.test(line))).toEqual([]);
  // Of version 2 alone there is a single hierarchy, and it holds root's containers in any case.
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  expect(groups.length === 1).toBe(unified);
  if (isRoot || container.enforced.cgroup !== false) expect(container.enforced.cgroup === 'v2').toBe(unified);
  expect(seen.parameters['kernel/hostname']).toBe(`${container.id}\n`);
  expect(seen.parameters['kernel/domainname']).toBe('(none)\n');
  // Started with one filter, its own, and whatever the tests themselves run under.
  const filters = seen.statusField('Seccomp_filters');
  if (filters !== '') expect(Number(filters)).toBeGreaterThan(0);
}

/** Init shows nothing of itself, above all not its program (CVE-2019-5736). */
export function expectInitHidden(seen: Probe): void {
  const { fd: _listing, ...rest } = seen.init;
  expect(rest).toEqual(Object.fromEntries(Object.keys(rest).map((name) => [name, EACCES])));
}

export function expectDevices(seen: Probe): void {
  const kinds = Object.fromEntries(
    Object.entries(seen.devices).map(([name, { type, major, minor, target }]) => [
      name,
      type === 'character' ? [major, minor] : (target ?? type),
    ]),
  );
  expect(kinds).toEqual({
    ...CHARACTER_DEVICES,
    ...DEVICE_LINKS,
    console: 'file',
    pts: 'directory',
    shm: 'directory',
    mqueue: 'directory',
  });
}

/** Masked paths show nothing, and what hides a file is the null device itself (CVE-2025-31133). */
export function expectMasked(seen: Probe): void {
  const showing = Object.entries(seen.masked).filter(([, { shown = 0 }]) => shown > 0);
  expect(showing).toEqual([]);
  const hiddenBy = Object.values(seen.masked)
    .filter(({ directory }) => directory === false)
    .map(({ major, minor }) => [major, minor]);
  expect(hiddenBy).toEqual(hiddenBy.map(() => [1, 3]));
  const kernel = Object.entries(seen.writable).filter(([path]) => /^\/(proc|sys)\//.test(path));
  expect(kernel.length).toBeGreaterThan(5);
  expect(kernel.filter(([, errno]) => !REFUSALS.has(errno))).toEqual([]);
}

const KERNEL_MOUNTS = /^\/(proc|sys)(\/|$)/;

/** Flags of every mount: none gives privileges, none leads devices in, none passes mounts on. */
export function expectMounts(seen: Probe, readonlyRoot: boolean): void {
  const bad = seen.mounts.filter(({ point, options, propagation }) => {
    const devices = point === '/dev' || point.startsWith('/dev/') || options.includes('nodev');
    const maskedFile = KERNEL_MOUNTS.test(point) && seen.masked[point]?.directory === false;
    return !options.includes('nosuid') || propagation.length > 0 || !(devices || maskedFile);
  });
  expect(bad).toEqual([]);
  const flags = Object.fromEntries(
    ['/', '/proc', '/sys', '/proc/sys'].map((point) => [point, seen.mountAt(point)?.options.includes('ro')]),
  );
  expect(flags).toEqual({ '/': readonlyRoot, '/proc': false, '/sys': true, '/proc/sys': true });
  expect(seen.mountAt('/proc')?.options).toContain('noexec');
  expect(seen.mountAt('/proc')?.type).toBe('proc');
  expect(seen.mountAt('/sys')?.type).toBe('sysfs');
}
