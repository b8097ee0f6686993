import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CgroupHierarchies, parseHierarchies } from '../../src/cgroup/hierarchy.js';

function parse(
  mountinfo: readonly string[],
  membership: readonly string[],
  controllers = '',
  hidden: readonly string[] = [],
): CgroupHierarchies {
  return parseHierarchies(mountinfo.join('\n'), membership.join('\n'), {
    isGroup: (directory) => !hidden.includes(directory),
    readControllers: (mount) => controllers.replace('%', mount).split(' ').filter(Boolean),
    findParent: (_mount, own) => own,
    findOccupied: (own) => own,
  });
}

const V1_MEMORY = '30 25 0:26 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory';
const V1_CPU = '31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct';
const V2_ALONE = '30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const V2_BESIDE = '40 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
const OTHERS = [
  '25 1 254:0 / / rw - ext4 /dev/vda rw',
  '26 25 0:22 / /proc rw shared:5 master:1 - proc proc rw',
  '29 25 0:25 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755',
];

test('v1: every controller has the directory of our own group', () => {
  const found = parse(
    [...OTHERS, V1_MEMORY, V1_CPU],
    ['5:memory:/user.slice/a', '4:cpu,cpuacct:/b', '1:name=systemd:/c'],
  );
  expect([...found.v1]).toEqual([
    ['memory', '/sys/fs/cgroup/memory/user.slice/a'],
    ['cpu', '/sys/fs/cgroup/cpu,cpuacct/b'],
    ['cpuacct', '/sys/fs/cgroup/cpu,cpuacct/b'],
  ]);
  expect(found.v2).toBeUndefined();
});

test('v2: mount, our own group, and the controllers that are there', () => {
  const found = parse([...OTHERS, V2_ALONE], ['0::/user.slice/session.scope'], 'cpuset cpu io memory pids');
  expect(found.v2).toEqual({
    mount: '/sys/fs/cgroup',
    parent: '/sys/fs/cgroup/user.slice/session.scope',
    occupied: '/sys/fs/cgroup/user.slice/session.scope',
    controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
  });
  expect(found.v1.size).toBe(0);
});

test('a hierarchy that another mount hides counts as not mounted', () => {
  const found = parse([V1_MEMORY, V1_CPU, V2_BESIDE], ['5:memory:/a', '4:cpu,cpuacct:/b', '0::/a'], '', [
    '/sys/fs/cgroup/memory/a',
    '/sys/fs/cgroup/unified',
  ]);
  expect([...found.v1.keys()]).toEqual(['cpu', 'cpuacct']);
  expect(found.v2).toBeUndefined();
});

test('hybrid: v1 controllers beside a v2 hierarchy that has none', () => {
  const found = parse([V1_MEMORY, V2_BESIDE], ['5:memory:/', '0::/a']);
  expect([...found.v1.keys()]).toEqual(['memory']);
  expect(found.v2).toEqual({
    mount: '/sys/fs/cgroup/unified',
    parent: '/sys/fs/cgroup/unified/a',
    occupied: '/sys/fs/cgroup/unified/a',
    controllers: [],
  });
});

test('in a cgroup namespace our own group is the top of what is mounted', () => {
  expect(path.resolve(parse([V2_ALONE], ['0::/']).v2?.parent ?? '')).toBe('/sys/fs/cgroup');
});

describe('a mount that shows a part of the hierarchy', () => {
  const partial = V1_MEMORY.replace(' / ', ' /docker/abc ');

  test('has our group below it by the rest of its path', () => {
    expect(parse([partial], ['5:memory:/docker/abc/own']).v1.get('memory')).toBe('/sys/fs/cgroup/memory/own');
  });

  test('may be our group itself', () => {
    expect(parse([partial], ['5:memory:/docker/abc']).v1.get('memory')).toBe('/sys/fs/cgroup/memory');
  });
});

test.for([
  ['begins with the same letters', '/docker/abc', '/docker/abcd'],
  ['is beside it', '/docker/abc', '/other'],
  ['is above it', '/docker/abc', '/docker'],
  ['is out of sight, as mounts of the surrounding namespace are', '/../..', '/'],
] as const)(
  'a mount is not used when our group %s: its limits would be somebody else’s',
  ([, root, group]) => {
    expect(parse([V1_MEMORY.replace(' / ', ` ${root} `)], [`5:memory:${group}`]).v1.size).toBe(0);
    expect(parse([V2_ALONE.replace(' / ', ` ${root} `)], [`0::${group}`]).v2).toBeUndefined();
  },
);

test('a mount point with blanks, which mountinfo writes as octal', () => {
  const spaced = V1_MEMORY.replace('/sys/fs/cgroup/memory', '/mnt/a\\040b\\134c');
  expect(parse([spaced], ['5:memory:/x']).v1.get('memory')).toBe('/mnt/a b\\c/x');
});

test('a controller that is mounted twice is used where it was mounted first', () => {
  const again = V1_MEMORY.replace('/sys/fs/cgroup/memory', '/mnt/memory');
  expect(parse([V1_MEMORY, again], ['5:memory:/a']).v1.get('memory')).toBe('/sys/fs/cgroup/memory/a');
  expect(parse([V2_ALONE, V2_BESIDE], ['0::/']).v2?.mount).toBe('/sys/fs/cgroup');
});

test('controllers are those of the group that containers go below', () => {
  expect(parse([V2_BESIDE], ['0::/a'], '% memory').v2?.controllers).toEqual([
    '/sys/fs/cgroup/unified/a',
    'memory',
  ]);
});

test('a group with a colon in its name', () => {
  expect(parse([V2_ALONE], ['0::/a:b']).v2?.parent).toBe('/sys/fs/cgroup/a:b');
});

test.for([
  ['nothing is mounted', OTHERS, ['5:memory:/', '0::/']],
  ['we are in no group', [V1_MEMORY, V2_ALONE], []],
  ['files are empty', [''], ['']],
  ['lines are cut', ['30 25', '30 25 0:26 / /sys - '], ['5', '0:']],
] as const)('nothing is found when %s', ([, mountinfo, membership]) => {
  expect(parse(mountinfo, membership)).toEqual({ v1: new Map(), v2: undefined });
});
