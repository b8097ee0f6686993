import type { Layer } from 'containerv-api';
import { expect, test } from 'vitest';
import { liesOnHost } from '../../src/plan/root-layers.js';
import { specOf } from '../support/spec.js';

const overlay: Layer = { type: 'overlay', source: '/changes' };
const bound: Layer = { type: 'host-directory', source: '/srv', target: '/srv' };

test.for<readonly [readonly Layer[] | undefined, boolean]>([
  [undefined, true],
  [[overlay], true],
  [[overlay, bound, overlay], true],
  [[{ type: 'directory', source: '/root' }, overlay], false],
  [[{ type: 'image', source: '/root.img' }], false],
  [[bound], false],
])('%j lies on the host: %s', ([layers, wanted]) => {
  expect(liesOnHost(specOf({ layers }).root)).toBe(wanted);
});

test('a directory does not', () => {
  expect(liesOnHost(specOf({ rootfs: '/srv/root' }).root)).toBe(false);
});
