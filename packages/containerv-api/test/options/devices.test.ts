import { expect, test } from 'vitest';
import { type Device, resolveContainerOptions } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (device: unknown): unknown =>
  resolveContainerOptions({ devices: [device as Device] }).devices[0];

test.for([
  [
    '/dev/fuse',
    { path: '/dev/fuse', node: undefined, fileMode: undefined, uid: undefined, gid: undefined, access: 'rw' },
  ],
  [
    { path: '/dev//net/tun', fileMode: 0o600, uid: 1, gid: 2 },
    { path: '/dev/net/tun', node: undefined, fileMode: 0o600, uid: 1, gid: 2, access: 'rw' },
  ],
  [
    { path: '/dev/x', type: 'c', major: 1, minor: 3 },
    {
      path: '/dev/x',
      node: { type: 'char', major: 1, minor: 3 },
      fileMode: 0o666,
      uid: undefined,
      gid: undefined,
      access: 'rw',
    },
  ],
  [
    { path: '/dev/x', type: 'u', major: 1, minor: 3 },
    {
      path: '/dev/x',
      node: { type: 'char', major: 1, minor: 3 },
      fileMode: 0o666,
      uid: undefined,
      gid: undefined,
      access: 'rw',
    },
  ],
  [
    { path: '/dev/x', type: 'b', major: 4095, minor: 1_048_575 },
    {
      path: '/dev/x',
      node: { type: 'block', major: 4095, minor: 1_048_575 },
      fileMode: 0o666,
      uid: undefined,
      gid: undefined,
      access: 'rw',
    },
  ],
  [
    { path: '/dev/x', type: 'p' },
    { path: '/dev/x', node: { type: 'fifo' }, fileMode: 0o666, uid: undefined, gid: undefined, access: 'rw' },
  ],
] as const)('%j', ([device, resolved]) => {
  expect(resolve(device)).toEqual(resolved);
});

test.for([
  ['fuse', '`devices[0]`'],
  ['/dev', '`devices[0]` to be a path below /dev'],
  ['/etc/passwd', '`devices[0]` to be a path below /dev'],
  ['/dev/../etc', '`devices[0]`'],
  [{ path: '/tmp/x' }, '`devices[0].path` to be a path below /dev'],
  [{ path: '/dev/x', type: 'd' }, '`devices[0].type`'],
  [{ path: '/dev/x', major: 1, minor: 3 }, "need type 'c', 'u' or 'b'"],
  [{ path: '/dev/x', type: 'p', major: 1 }, "need type 'c', 'u' or 'b'"],
  [{ path: '/dev/x', type: 'c' }, '`devices[0].major`'],
  [{ path: '/dev/x', type: 'c', major: 4096, minor: 0 }, '`devices[0].major`'],
  [{ path: '/dev/x', type: 'c', major: 1, minor: 1_048_576 }, '`devices[0].minor`'],
  [{ path: '/dev/x', fileMode: 0o4755 }, '`devices[0].fileMode`'],
  [{ path: '/dev/x', uid: -1 }, '`devices[0].uid`'],
  [{ path: '/dev/x', access: 'rwm' }, '`devices[0].access`'],
  [{ path: '/dev/x', access: '' }, '`devices[0].access`'],
  [{ path: '/dev/x', type: 'p', access: 'r' }, '`access`'],
  ['/dev/null', 'a device that not every container has'],
  ['/dev/pts/7', 'a device that not every container has'],
  ['/dev/shm', 'a device that not every container has'],
  [7, '`devices[0]` to be an object'],
] as const)('%j is refused', ([device, part]) => {
  expectInvalid(() => resolve(device), part);
});

test.for([
  ['/dev/x', '/dev//x'],
  ['/dev/x/y', '/dev/x'],
])('%s beside %s is refused', (devices) => {
  expectInvalid(() => resolveContainerOptions({ devices }), '`devices` has both');
});

test('a name that begins alike is another', () => {
  expect(resolveContainerOptions({ devices: ['/dev/x', '/dev/x1', '/dev/nullx'] }).devices).toHaveLength(3);
});
