import { describe, expect, test } from 'vitest';
import { deviceOperations, numbersOf } from '../../src/plan/devices.js';
import { SourceTrees } from '../../src/plan/source-trees.js';
import { specOf } from '../support/spec.js';
import { thrownBy } from '../support/thrown.js';

const USER = 1000;

describe('root', () => {
  test('has nodes made, and each mounted at its path so that nobody changes it', () => {
    const trees = new SourceTrees(true, () => true);
    trees.of('/srv', false);
    const devices = [
      { path: '/dev/net/tun', type: 'c', major: 10, minor: 200, fileMode: 0o600, uid: 7 },
      { path: '/dev/disk', type: 'b', major: 8, minor: 1 },
      { path: '/dev/queue', type: 'p' },
    ] as const;
    const attributes = ['readonly', 'nosuid', 'noexec'];
    expect(deviceOperations(specOf({ devices }), trees, 0)).toEqual(
      devices.map(({ path }, index) => ({
        op: 'bind',
        path,
        source: `trees/1/${index}`,
        flags: ['create', 'no-symlinks'],
        attributes,
      })),
    );
    expect(trees.list[1]?.devices).toEqual([
      { mode: 0o020600, major: 10, minor: 200, uid: 7, gid: 0 },
      { mode: 0o060666, major: 8, minor: 1, uid: 0, gid: 0 },
      { mode: 0o010666, major: 0, minor: 0, uid: 0, gid: 0 },
    ]);
  });

  test('without any, nothing is made', () => {
    const trees = new SourceTrees(true, () => true);
    expect(deviceOperations(specOf(), trees, 0)).toEqual([]);
    expect(trees.list).toEqual([]);
  });
});

test.for([
  { path: '/dev/x', type: 'c', major: 1, minor: 3 },
  { path: '/dev/x', type: 'p' },
  { path: '/dev/x', fileMode: 0o600 },
  { path: '/dev/x', access: 'r' },
  { path: '/dev/x', uid: 0 },
  { path: '/dev/x', gid: 0 },
] as const)('an ordinary user cannot have %j', (device) => {
  const trees = new SourceTrees(false);
  const error = thrownBy(() => deviceOperations(specOf({ devices: [device] }), trees, USER));
  expect(error.code).toBe('ERR_CONTAINERV_UNSUPPORTED');
});

test.for([
  [0x0103, 1, 3],
  [0xfff_ff, 0xfff & 0xfff, 0xff],
  [0x1234_5678, 0x456, 0x1_2378],
] as const)('device number %i is %i:%i', ([rdev, major, minor]) => {
  expect(numbersOf(rdev)).toEqual({ major, minor });
});
