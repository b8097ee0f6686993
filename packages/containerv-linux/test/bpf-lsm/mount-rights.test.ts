import { expect, test } from 'vitest';
import { rightsOfMounts } from '../../src/bpf-lsm/mount-rights.js';

const MOUNTS = [
  '20 20 0:1 / / rw - overlay overlay rw',
  '21 20 0:2 / /proc rw - proc proc rw',
  '22 20 0:3 / /dev rw - tmpfs tmpfs rw',
  '23 22 0:4 / /dev/pts rw - devpts devpts rw',
  '24 20 0:5 / /srv/a\\040b rw - ext4 /dev/vda rw',
  '25 24 0:6 / /srv/a\\040b/below rw - ext4 /dev/vda rw',
  '26 20 0:7 / /srvs rw - ext4 /dev/vda rw',
].join('\n');

test.for([
  ['nothing', [], {}],
  ['the root', [{ path: '/', mount: 20, access: 1 }], { 20: 0, 21: 1, 22: 1, 23: 1, 24: 1, 25: 1, 26: 1 }],
  // A rule for a mount's root is a mark at that: it is not above the mount itself.
  ['a mount', [{ path: '/dev', mount: 22, access: 3 }], { 23: 3 }],
  ['what is above two', [{ path: '/srv', mount: 20, access: 1 }], { 24: 1, 25: 1 }],
  [
    'two rules',
    [
      { path: '/srv', mount: 20, access: 1 },
      { path: '/srv/a b', mount: 24, access: 4 },
    ],
    { 24: 1, 25: 5 },
  ],
  ['a place that another mount hides', [{ path: '/srv/a b', mount: 20, access: 1 }], { 24: 1, 25: 1 }],
  ['a name that only begins so', [{ path: '/srv/a', mount: 20, access: 7 }], {}],
  ['another mount at the same name', [{ path: '/dev', mount: 26, access: 7 }], {}],
] as const)('of %s', ([, rules, expected]) => {
  const wanted = Object.entries(expected).filter(([, access]) => access !== 0);
  expect(rightsOfMounts(MOUNTS, rules)).toEqual(new Map(wanted.map(([id, access]) => [Number(id), access])));
});

test('mounts that lie in each other have an end', () => {
  const loop = '1 2 0:1 / /a rw - tmpfs none rw\n2 1 0:1 / /b rw - tmpfs none rw\n\nnot a mount\n';
  expect(rightsOfMounts(loop, [{ path: '/', mount: 1, access: 1 }]).size).toBeLessThanOrEqual(2);
});
