import { expect, test } from 'vitest';
import { type ContainerOptions, resolveContainerOptions, type SecurityPolicy } from '../src/index.js';
import { expectInvalid, thrownBy } from './invalid.js';

const context = { cwd: '/home/me', generateId: () => 'c-1' };
const resolve = (options?: ContainerOptions): ReturnType<typeof resolveContainerOptions> =>
  resolveContainerOptions(options, context);

test('a container without options has the documented defaults', () => {
  expect(resolve()).toEqual({
    id: 'c-1',
    root: { kind: 'host' },
    writable: 'overlay',
    mounts: [],
    policy: 'build',
    limits: {
      memoryBytes: 1024 ** 3,
      memoryHighBytes: undefined,
      swapBytes: undefined,
      cpus: undefined,
      cpuWeight: 100,
      cpuPercent: undefined,
      pids: 256,
      cpuset: undefined,
      io: undefined,
      hugetlb: undefined,
      explicit: {
        memory: false,
        memoryHigh: false,
        swap: false,
        cpus: false,
        cpuWeight: false,
        cpuPercent: false,
        pids: false,
        cpuset: false,
        io: false,
        hugetlb: false,
      },
    },
    network: { mode: 'none' },
    namespaces: {
      mount: true,
      pid: true,
      net: true,
      ipc: true,
      uts: true,
      user: true,
      cgroup: true,
      time: false,
    },
    users: 'auto',
    groups: 'auto',
    user: { user: 0, group: 0, groups: [] },
    hostname: 'c-1',
    domainname: '',
    timeOffsets: { monotonicSeconds: 0, boottimeSeconds: 0 },
    cpuAffinity: undefined,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
    rlimits: [],
    devices: [],
    sysctls: {},
    oomScoreAdj: undefined,
    bpfLsm: false,
    detached: false,
    signal: undefined,
    windows: undefined,
  });
});

test('every option arrives', () => {
  const signal = new AbortController().signal;
  const spec = resolve({
    id: 'build-1',
    rootfs: 'root',
    writable: 'tmpfs',
    mounts: [{ source: 'src', target: '/src' }],
    policy: 'minimal',
    limits: { memory: '2G' },
    network: 'host',
    namespaces: { time: true },
    users: [{ host: 1000, container: 0, size: 1 }],
    groups: [{ host: 1000, container: 0, size: 1 }],
    user: 'me',
    hostname: 'box.example',
    env: { CC: 'gcc' },
    cwd: '/src/',
    rlimits: { nofile: 10 },
    devices: ['/dev/fuse'],
    sysctls: { 'fs.mqueue.msg_max': 5 },
    oomScoreAdj: 500,
    bpfLsm: true,
    detached: true,
    signal,
    windows: { isolation: 'process' },
  });
  expect(spec).toMatchObject({
    id: 'build-1',
    root: { kind: 'directory', path: '/home/me/root' },
    writable: 'tmpfs',
    mounts: [{ source: '/home/me/src', target: '/src' }],
    policy: 'minimal',
    limits: { memoryBytes: 2 * 1024 ** 3, explicit: { memory: true, pids: false } },
    network: { mode: 'host' },
    namespaces: { net: false, time: true },
    users: [{ host: 1000, container: 0, size: 1 }],
    groups: [{ host: 1000, container: 0, size: 1 }],
    user: { user: 'me' },
    hostname: 'box.example',
    env: { CC: 'gcc' },
    cwd: '/src',
    rlimits: [{ name: 'nofile', soft: 10, hard: 10 }],
    devices: [{ path: '/dev/fuse' }],
    sysctls: { 'fs.mqueue.msg_max': '5' },
    oomScoreAdj: 500,
    bpfLsm: true,
    detached: true,
    windows: { isolation: 'process' },
  });
  expect(spec.signal).toBe(signal);
});

test('the specification is frozen all the way down, the options are left alone', () => {
  const options = {
    mounts: [{ type: 'tmpfs', target: '/t' }],
    users: [{ host: 5, container: 0, size: 1 }],
  } as const;
  const spec = resolve(options);
  expect(Object.isFrozen(spec)).toBe(true);
  expect(Object.isFrozen(spec.limits.explicit)).toBe(true);
  expect(Object.isFrozen(spec.mounts[0])).toBe(true);
  expect(Object.isFrozen(options.mounts[0])).toBe(false);
  expect(Object.isFrozen(options.users)).toBe(false);
});

test.for([
  [{ hostnmae: 'x' }, '`hostnmae` in `options`', 'Did you mean `hostname`?'],
  [{ memory: '1G' }, '`memory` in `options`', 'Did you mean `limits.memory`?'],
  [{ ports: [] }, '`ports` in `options`', 'Did you mean `network.ports`?'],
  [{ timeout: 1 }, '`timeout` in `options`', 'Did you mean `timeout` of spawn() or run()?'],
  [{ limits: { memroy: 1 } }, '`memroy` in `limits`', 'Did you mean `memory`?'],
  [{ limits: { io: { wieght: 1 } } }, '`wieght` in `limits.io`', 'Did you mean `weight`?'],
  [{ mounts: [{ source: '/', traget: '/x' }] }, '`traget` in `mounts[0]`', 'Did you mean `target`?'],
  [{ network: { gatway: '10.0.0.1' } }, '`gatway` in `network`', 'Did you mean `gateway`?'],
  [{ namespaces: { pids: true } }, '`pids` in `namespaces`', 'Did you mean `pid`?'],
  [{ users: [{ host: 0, contaner: 0, size: 1 }] }, '`contaner` in `users[0]`', 'Did you mean `container`?'],
  [{ user: { uid: 0, guid: 0 } }, '`guid` in `user`', 'Did you mean `uid`?'],
  [{ layers: [{ type: 'image', sourc: 'x' }] }, '`sourc` in `layers[0]`', 'Did you mean `source`?'],
  [{ rlimits: [{ type: 'nofile', soft: 1, hrad: 1 }] }, '`hrad` in `rlimits[0]`', 'Did you mean `hard`?'],
  [{ rlimits: { nofiles: 1 } }, '`nofiles` in `rlimits`', 'Did you mean `nofile`?'],
  [{ devices: [{ path: '/dev/x', majr: 1 }] }, '`majr` in `devices[0]`', 'Did you mean `major`?'],
  [{ windows: { isolaton: 'x' } }, '`isolaton` in `windows`', 'Did you mean `isolation`?'],
  [
    { windows: { lcow: { kernelfile: 'x' } } },
    '`kernelfile` in `windows.lcow`',
    'Did you mean `kernelFile`?',
  ],
  [{ policy: 'biuld' }, '`policy`', 'Did you mean `build`?'],
  [{ writable: 'overlya' }, '`writable`', 'Did you mean `overlay`?'],
] as const)('the misspelling in %j is named with what was meant', ([options, ...parts]) => {
  expectInvalid(() => resolve(options as unknown as ContainerOptions), ...parts);
});

test.for([null, 'x', 7, [], true])('options that are %j are refused', (options) => {
  expectInvalid(() => resolve(options as unknown as ContainerOptions), '`options` to be an object');
});

test.for([
  [{ id: '../x' }, '`id`'],
  [{ rootfs: '' }, '`rootfs`'],
  [{ rootfs: 7 }, '`rootfs`'],
  [{ rootfs: 'a\0' }, '`rootfs`'],
  [{ detached: 'yes' }, '`detached` to be a boolean'],
  [{ bpfLsm: 1 }, '`bpfLsm` to be a boolean'],
  [{ cwd: 'src' }, '`cwd`'],
  [{ cwd: '/a/../b' }, '`cwd`'],
  [{ oomScoreAdj: 1001 }, '`oomScoreAdj` to be a whole number from -1000 to 1000, got `1001` (number)'],
  [{ oomScoreAdj: 0.5 }, '`oomScoreAdj`'],
  [{ signal: {} }, '`signal` to be an AbortSignal'],
  [{ policy: {} }, '`policy` to be a Policy'],
  [{ policy: null }, '`policy`'],
  [{ mounts: {} }, '`mounts` to be an array'],
  [{ env: [] }, '`env` to be an object'],
] as const)('%j is refused', ([options, part]) => {
  expectInvalid(() => resolve(options as unknown as ContainerOptions), part);
});

test('an option set to undefined is an option left out', () => {
  const undefinedEverywhere = Object.fromEntries(
    Object.keys(resolve()).map((name) => [name === 'root' ? 'rootfs' : name, undefined]),
  );
  expect(resolve(undefinedEverywhere)).toEqual(resolve());
});

test('a policy object is taken by its shape and handed on as it is', () => {
  const policy: SecurityPolicy = {
    name: 'mine',
    capabilities: [],
    securityLevel: 'strict',
    paths: [],
    networkRules: [],
    compileSeccomp: () => new Uint8Array(),
    toJSON: () => ({}),
  };
  expect(resolve({ policy }).policy).toBe(policy);
  // What decides on files and on what a missing layer means must be there, or it would mean nothing.
  for (const lacking of ['capabilities', 'paths', 'securityLevel'])
    expect(() => resolve({ policy: { ...policy, [lacking]: undefined } as never })).toThrow(/`policy`/);
  expect(() => resolve({ policy: { ...policy, securityLevel: 'stricter' } as never })).toThrow(/`policy`/);
});

test.for([
  [{ namespaces: { uts: false }, hostname: 'x' }, '`hostname` needs a UTS namespace'],
  [{ namespaces: { uts: false }, domainname: 'x' }, '`domainname` needs a UTS namespace'],
  [{ domainname: '-x' }, '`domainname`'],
  [
    { namespaces: { user: false }, users: [{ host: 1, container: 0, size: 1 }] },
    '`users` needs a user namespace',
  ],
  [
    { namespaces: { user: false }, groups: [{ host: 1, container: 0, size: 1 }] },
    '`groups` needs a user namespace',
  ],
  [{ namespaces: { net: false } }, "`namespaces.net: false` would share the host's network"],
  [{ namespaces: { net: true }, network: 'host' }, "`network: 'host'` and `namespaces.net: true` exclude"],
  [{ namespaces: { ipc: false }, sysctls: { 'kernel.msgmax': 1 } }, "shares the host's ipc namespace"],
  [{ network: 'host', sysctls: { 'net.ipv4.ip_forward': 1 } }, "shares the host's net namespace"],
  [{ rootfs: '/r', layers: [{ type: 'image', source: 'x' }] }, '`rootfs` and `layers` exclude each other'],
  [{ writable: 'direct' }, 'needs a `rootfs` directory'],
  [{ writable: 'direct', rootfs: 'host' }, 'needs a `rootfs` directory'],
  [{ limits: { cpus: 1, cpuPercent: 50 } }, 'exclude each other'],
] as const)('%j contradicts itself', ([options, part]) => {
  expectInvalid(() => resolve(options), part);
});

test('nothing is touched and nothing is created before an error', () => {
  let generated = 0;
  thrownBy(() => resolveContainerOptions({ id: '/' }, { generateId: () => `c-${(generated += 1)}` }));
  expect(generated).toBe(0);
});
