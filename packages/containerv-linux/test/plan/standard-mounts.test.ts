import type { ContainerOptions } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import type { RootOperation } from '../../src/plan/operation.js';
import { hardening, type StandardMountContext, standardMounts } from '../../src/plan/standard-mounts.js';
import { specOf } from '../support/spec.js';

const CONTEXT: StandardMountContext = { ttyGroup: true, unifiedCgroup: false, memoryBytes: 4096 };
const INERT = ['nosuid', 'nodev', 'noexec'];

function mountsFor(
  options: ContainerOptions = {},
  context: Partial<StandardMountContext> = {},
): RootOperation[] {
  return standardMounts(specOf(options), { ...CONTEXT, ...context });
}

function at(path: string, operations: readonly RootOperation[]): RootOperation | undefined {
  return operations.find((each) => 'path' in each && each.path === path);
}

describe('/proc', () => {
  test('is a new instance of the pid namespace', () => {
    expect(at('/proc', mountsFor())).toEqual({
      op: 'mount',
      path: '/proc',
      flags: ['create', 'no-symlinks'],
      type: 'proc',
      source: 'proc',
      attributes: INERT,
    });
  });

  test("is the host's where the pid namespace is", () => {
    expect(at('/proc', mountsFor({ namespaces: { pid: false } }))).toEqual({
      op: 'bind',
      path: '/proc',
      source: '/proc',
      flags: ['create', 'no-symlinks', 'recursive'],
      attributes: INERT,
    });
  });
});

describe('/dev', () => {
  test('has the devices that programs need, and no other', () => {
    const devices = mountsFor().filter(
      (each) => each.op === 'bind' && each.path.startsWith('/dev/') && each.path !== '/dev/shm',
    );
    expect(devices.map((each) => ('path' in each ? each.path : ''))).toEqual(
      ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`),
    );
    for (const each of devices) {
      expect(each).toMatchObject({
        flags: ['create', 'no-symlinks'],
        attributes: ['readonly', 'nosuid', 'noexec'],
      });
    }
  });

  test('is a small tmpfs in which nodes that somebody makes inside open nothing', () => {
    expect(at('/dev', mountsFor())).toMatchObject({
      type: 'tmpfs',
      attributes: ['nosuid', 'nodev', 'noexec'],
      options: { mode: '0755', size: '64k' },
    });
  });

  test('is there before anything is put into it', () => {
    const operations = mountsFor();
    const inside = operations.findIndex((each) => 'path' in each && each.path.startsWith('/dev/'));
    expect(operations.findIndex((each) => 'path' in each && each.path === '/dev')).toBeLessThan(inside);
  });

  test('has terminals of its own, which belong to group 5 where there is one', () => {
    const options = { newinstance: '', ptmxmode: '0666', mode: '0620' };
    expect(at('/dev/pts', mountsFor())).toMatchObject({ type: 'devpts', options: { ...options, gid: '5' } });
    const without = at('/dev/pts', mountsFor({}, { ttyGroup: false }));
    expect(without).toHaveProperty('options', options);
    expect(at('/dev/ptmx', mountsFor())).toEqual({ op: 'symlink', path: '/dev/ptmx', target: 'pts/ptmx' });
  });

  test.for([
    ['fd', '/proc/self/fd'],
    ['stdin', '/proc/self/fd/0'],
    ['stdout', '/proc/self/fd/1'],
    ['stderr', '/proc/self/fd/2'],
  ] as const)('/dev/%s leads to %s', ([name, target]) => {
    expect(at(`/dev/${name}`, mountsFor())).toEqual({ op: 'symlink', path: `/dev/${name}`, target });
  });

  test('shared memory and message queues are its own, or those of the shared namespace', () => {
    expect(at('/dev/shm', mountsFor())).toMatchObject({
      op: 'mount',
      type: 'tmpfs',
      options: { size: '4096' },
    });
    expect(at('/dev/mqueue', mountsFor())).toMatchObject({
      type: 'mqueue',
      flags: ['create', 'skip-unsupported'],
    });
    const shared = mountsFor({ namespaces: { ipc: false } });
    expect(at('/dev/shm', shared)).toMatchObject({ op: 'bind', source: '/dev/shm', attributes: INERT });
    expect(at('/dev/mqueue', shared)).toBeUndefined();
  });
});

describe('/sys', () => {
  test('is read-only, whoever mounts it', () => {
    const readonly = ['readonly', ...INERT];
    expect(at('/sys', mountsFor())).toMatchObject({ op: 'mount', type: 'sysfs', attributes: readonly });
    expect(at('/sys', mountsFor({ network: 'host' }))).toMatchObject({
      op: 'bind',
      source: '/sys',
      flags: ['create', 'no-symlinks', 'recursive'],
      attributes: readonly,
    });
  });

  test('shows control groups v2 where the namespace makes them its own', () => {
    const path = '/sys/fs/cgroup';
    expect(at(path, mountsFor({}, { unifiedCgroup: true }))).toMatchObject({
      type: 'cgroup2',
      attributes: ['readonly', ...INERT],
    });
    expect(at(path, mountsFor())).toBeUndefined();
    expect(at(path, mountsFor({ namespaces: { cgroup: false } }, { unifiedCgroup: true }))).toBeUndefined();
  });
});

test('/tmp is a tmpfs for all, bounded, where programs may run', () => {
  expect(at('/tmp', mountsFor())).toEqual({
    op: 'mount',
    path: '/tmp',
    flags: ['create'],
    type: 'tmpfs',
    source: 'tmpfs',
    attributes: ['nosuid', 'nodev'],
    options: { mode: '1777', size: '4096' },
  });
});

test.for([
  ['overlay', ['create', 'no-symlinks']],
  ['direct', ['create', 'no-symlinks']],
  [false, ['no-symlinks']],
] as const)(
  'a directory, writable: %s: mount points are made only where that can be',
  ([writable, flags]) => {
    const operations = mountsFor({ rootfs: '/srv/root', writable });
    for (const path of ['/proc', '/dev', '/sys']) expect(at(path, operations)).toMatchObject({ flags });
  },
);

test.for([
  ['overlay', ['create']],
  ['direct', ['create']],
  [false, ['skip-missing']],
] as const)(
  'a directory, writable: %s: /tmp is made only where that changes nobody’s',
  ([writable, flags]) => {
    expect(at('/tmp', mountsFor({ rootfs: '/srv/root', writable }))).toMatchObject({ flags });
  },
);

test('no mount over /proc, /dev or /sys follows a link of the root (CVE-2019-19921)', () => {
  const everyNamespace = [{}, { network: 'host' }, { namespaces: { pid: false, ipc: false } }] as const;
  for (const options of everyNamespace) {
    for (const path of ['/proc', '/dev', '/dev/pts', '/sys']) {
      const operation = at(path, mountsFor(options));
      expect(operation).toHaveProperty('flags', expect.arrayContaining(['no-symlinks']));
    }
  }
});

describe('hardening', () => {
  test('masks what containerd and moby mask, and makes read-only what they do, and /proc/pressure', () => {
    const operations = hardening(specOf());
    expect(operations.flatMap((each) => (each.op === 'mask' ? [each.path] : []))).toEqual([
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
    ]);
    expect(operations.flatMap((each) => (each.op === 'readonly' ? [each.path] : []))).toEqual([
      '/proc/bus',
      '/proc/fs',
      '/proc/irq',
      '/proc/pressure',
      '/proc/sys',
      '/proc/sysrq-trigger',
    ]);
  });

  test('sysctls are written before /proc/sys is read-only', () => {
    const operations = hardening(
      specOf({ sysctls: { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '8192' } }),
    );
    expect(operations.slice(0, 2)).toEqual([
      { op: 'sysctl', key: 'net/ipv4/ip_forward', value: '1' },
      { op: 'sysctl', key: 'kernel/msgmax', value: '8192' },
    ]);
    const sealed = operations.findIndex((each) => each.op === 'readonly' && each.path === '/proc/sys');
    expect(operations.findLastIndex(({ op }) => op === 'sysctl')).toBeLessThan(sealed);
  });

  test('a read-only root becomes it last of all', () => {
    expect(hardening(specOf({ writable: false })).at(-1)).toEqual({ op: 'root-readonly' });
    for (const writable of ['overlay', 'tmpfs'] as const) {
      expect(hardening(specOf({ writable }))).not.toContainEqual({ op: 'root-readonly' });
    }
  });
});
