import { expect, test } from 'vitest';
import { type ContainerOptions, type ContainerSpec, resolveContainerOptions } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (options: unknown): ContainerSpec =>
  resolveContainerOptions(options as ContainerOptions, { cwd: '/home/me' });

test.for([
  [{}, { kind: 'host' }],
  [{ rootfs: 'host' }, { kind: 'host' }],
  [{ rootfs: './host' }, { kind: 'directory', path: '/home/me/host' }],
  [{ rootfs: '/srv/root/' }, { kind: 'directory', path: '/srv/root' }],
] as const)('%j is root %j', ([options, root]) => {
  expect(resolve(options).root).toEqual(root);
});

test('layers keep their order and get absolute sources', () => {
  const layers = [
    { type: 'directory', source: 'base' },
    { type: 'overlay', source: '/snap' },
    { type: 'host-directory', source: 'src', target: '/src/', readonly: false },
    { type: 'host-directory', source: 'tools', target: '/tools' },
  ];
  expect(resolve({ layers }).root).toEqual({
    kind: 'layers',
    layers: [
      { type: 'directory', source: '/home/me/base', target: undefined, readonly: true },
      { type: 'overlay', source: '/snap', target: undefined, readonly: true },
      { type: 'host-directory', source: '/home/me/src', target: '/src', readonly: false },
      { type: 'host-directory', source: '/home/me/tools', target: '/tools', readonly: true },
    ],
  });
});

test.for([
  [{ layers: [] }, '`layers` to be an array of at least one layer'],
  [{ layers: 'base' }, '`layers` to be an array'],
  [{ layers: ['base'] }, '`layers[0]` to be an object'],
  [{ layers: [{ type: 'dir', source: 'x' }] }, '`layers[0].type` to be one of'],
  [{ layers: [{ type: 'directory' }] }, '`layers[0].source`'],
  [{ layers: [{ type: 'directory', source: 'x', target: '/y' }] }, "layers of type 'host-directory'"],
  [{ layers: [{ type: 'image', source: 'x', readonly: true }] }, "layers of type 'host-directory'"],
  [{ layers: [{ type: 'host-directory', source: 'x' }] }, '`layers[0].target`'],
  [{ layers: [{ type: 'host-directory', source: 'x', target: '/../y' }] }, '`layers[0].target`'],
  [{ writable: true }, '`writable` to be one of'],
  [{ writable: 'yes' }, "`writable` to be one of 'overlay', 'tmpfs', 'direct', or false"],
] as const)('%j is refused', ([options, part]) => {
  expectInvalid(() => resolve(options), part);
});

test.for([
  [{}, 'overlay'],
  [{ writable: false }, false],
  [{ writable: 'tmpfs' }, 'tmpfs'],
  [{ writable: 'direct', rootfs: '/srv/root' }, 'direct'],
] as const)('%j writes to %s', ([options, writable]) => {
  expect(resolve(options).writable).toBe(writable);
});
