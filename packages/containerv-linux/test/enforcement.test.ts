import { readFileSync, statSync } from 'node:fs';
import type { ContainerOptions, Enforced } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { readEnforced, readMissed, verifyEnforced } from '../src/enforcement.js';
import type { Ruleset } from '../src/landlock/ruleset.js';
import { specOf } from './support/spec.js';
import { thrownBy } from './support/thrown.js';

const KINDS = ['mnt', 'pid', 'net', 'ipc', 'uts', 'user', 'cgroup', 'time'];
const CHOWN = 1n;
const CGROUP = {
  version: 'v2',
  limits: { memory: true },
  deviceFilter: 'v2',
  mappedMounts: true,
  bpfLsm: false,
} as const;

/** The report of a process in namespaces that are not ours, but for those called in `shared`. */
function reportOf(
  status: Readonly<Record<string, string>> = {},
  shared: readonly string[] = ['time'],
): string {
  const fields = { NoNewPrivs: '1', Seccomp: '2', CapBnd: '0000000000000001', ...status };
  const inodes = KINDS.map((kind, index) => {
    const ours = statSync(`/proc/self/ns/${kind}`, { throwIfNoEntry: false })?.ino ?? 1;
    return `ns ${kind} ${shared.includes(kind) ? ours : 4_100_000_000 + index}`;
  });
  const ids = ['uid_map          0 1879048192      65536', 'uid_map 70000 5 1', 'gid_map 0 100000 65536'];
  return [...Object.entries(fields).map(([name, value]) => `${name}:\t${value}`), ...inodes, ...ids, ''].join(
    '\n',
  );
}

function enforcedOf(report: string): Enforced {
  return readEnforced(report, 'none', CGROUP);
}

describe('what the kernel reports', () => {
  test('is what is enforced', () => {
    expect(enforcedOf(reportOf())).toEqual({
      seccomp: true,
      landlock: false,
      bpfLsm: false,
      noNewPrivileges: true,
      capabilities: ['CAP_CHOWN'],
      namespaces: ['mount', 'pid', 'net', 'ipc', 'uts', 'user', 'cgroup'],
      userNamespace: true,
      deviceFilter: 'v2',
      ids: {
        users: [
          { container: 0, host: 1_879_048_192, size: 65_536 },
          { container: 70_000, host: 5, size: 1 },
        ],
        groups: [{ container: 0, host: 100_000, size: 65_536 }],
        mappedMounts: true,
      },
      cgroup: 'v2',
      limits: { memory: true },
      network: 'none',
      socketBroker: false,
      isolation: 'namespaces',
    });
  });

  test('of a process without confinement says so', () => {
    const own = readFileSync('/proc/self/status', 'utf8').replace(/^Seccomp:\t.*$/m, 'Seccomp:\t0');
    const enforced = enforcedOf(own.replace(/^NoNewPrivs:\t.*$/m, 'NoNewPrivs:\t0'));
    expect(enforced).toMatchObject({
      seccomp: false,
      noNewPrivileges: false,
      namespaces: [],
      userNamespace: false,
    });
  });

  test.for([
    ['Seccomp', '0'],
    ['Seccomp', '1'],
    ['Seccomp', ''],
  ] as const)('%s %j is no filter', ([field, value]) => {
    expect(enforcedOf(reportOf({ [field]: value })).seccomp).toBe(false);
  });

  test('a namespace that is ours is not one of the container’s', () => {
    expect(enforcedOf(reportOf({}, ['user', 'time']))).toMatchObject({
      userNamespace: false,
      ids: undefined,
      namespaces: ['mount', 'pid', 'net', 'ipc', 'uts', 'cgroup'],
    });
  });

  test.for([
    ['landlock 7\nlandlock-missed 1 2\n', 7, '1 2'],
    ['landlock 1\nlandlock-missed \n', 1, ''],
    ['landlock 0\nlandlock-missed \n', false, ''],
    ['', false, ''],
  ] as const)('of file rules, %j', ([lines, landlock, missed]) => {
    expect(enforcedOf(reportOf() + lines).landlock).toBe(landlock);
    expect(readMissed(reportOf() + lines)).toBe(missed);
  });

  test('nothing is taken for enforced that is not said', () => {
    expect(enforcedOf('')).toMatchObject({
      seccomp: false,
      noNewPrivileges: false,
      namespaces: [],
      capabilities: [],
    });
  });

  test('a process cannot name itself into being confined', () => {
    const report = `Name:\tSeccomp:\nSeccomp:\t0\nNoNewPrivs:\t0\n`;
    expect(enforcedOf(report)).toMatchObject({ seccomp: false, noNewPrivileges: false });
  });
});

describe('what was asked for and is not in force', () => {
  const verify = (report: string, options: ContainerOptions = {}, ruleset?: Ruleset): void =>
    verifyEnforced(enforcedOf(report), specOf(options), { capabilities: CHOWN, ruleset });

  test('a ruleset that was not seen to deny anything', () => {
    const none = { handledFs: 0n, handledNet: 0n, scoped: 0n, paths: [], ports: [] };
    expect(() => verify(`${reportOf()}landlock 7\n`, {}, none)).not.toThrow();
    for (const report of [reportOf(), `${reportOf()}landlock 0\n`])
      expect(thrownBy(() => verify(report, {}, none)).summary).toContain('the Landlock ruleset');
  });

  test('nothing: all is well', () => {
    expect(() => verify(reportOf())).not.toThrow();
    expect(() => verify(reportOf({ CapBnd: '0' }))).not.toThrow();
  });

  test.for<[string, string, ContainerOptions]>([
    ['the seccomp filter', reportOf({ Seccomp: '0' }), {}],
    ['no_new_privs', reportOf({ NoNewPrivs: '0' }), {}],
    ['dropping CAP_SYS_ADMIN', reportOf({ CapBnd: '0000000000200001' }), {}],
    ['the mount namespace', reportOf({}, ['mnt', 'time']), {}],
    ['the pid namespace', reportOf({}, ['pid', 'time']), {}],
    ['the net namespace', reportOf({}, ['net', 'time']), {}],
    ['the ipc namespace', reportOf({}, ['ipc', 'time']), {}],
    ['the uts namespace', reportOf({}, ['uts', 'time']), {}],
    ['the user namespace', reportOf({}, ['user', 'time']), {}],
    ['the cgroup namespace', reportOf({}, ['cgroup', 'time']), {}],
    ['the time namespace', reportOf(), { namespaces: { time: true } }],
  ])('%s is an error', ([missing, report, options]) => {
    expect(thrownBy(() => verify(report, options))).toMatchObject({
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      step: 'verify confinement',
      summary: `verify confinement: Not in force: ${missing}`,
    });
  });

  test('all of it is told at once', () => {
    const error = thrownBy(() => verify(reportOf({ Seccomp: '0', NoNewPrivs: '0' }, ['pid', 'time'])));
    expect(error.summary).toContain('the seccomp filter, no_new_privs, the pid namespace');
  });

  test('an empty report is an error', () => {
    expect(() => verify('')).toThrow('Not in force: the seccomp filter');
  });

  test('a namespace that was not wanted may be shared', () => {
    expect(() => verify(reportOf({}, ['ipc', 'time']), { namespaces: { ipc: false } })).not.toThrow();
  });
});
