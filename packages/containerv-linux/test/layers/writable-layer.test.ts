import { expect, test } from 'vitest';
import { writableLayer } from '../../src/layers/writable-layer.js';
import { HOST } from '../support/root-context.js';
import { specOf } from '../support/spec.js';

const NO_HOST = { system: [], stores: [], etc: [] };
const directory = (path: string) => ({ path, image: false });

test('what writes nothing, or to the root itself, has none; memory is a layer without a path', () => {
  expect(writableLayer(specOf({ writable: false }), HOST, null)).toBeNull();
  expect(writableLayer(specOf({ writable: 'direct', rootfs: '/srv' }), NO_HOST, null)).toBeNull();
  expect(writableLayer(specOf({ writable: 'tmpfs' }), HOST, null)?.upper).toBeNull();
});

test('layers lie below, topmost first, without what is mounted', () => {
  const spec = specOf({
    layers: [
      { type: 'image', source: '/base.img' },
      { type: 'overlay', source: '/above' },
      { type: 'host-directory', source: '/srv', target: '/job/space' },
    ],
  });
  const layer = writableLayer(spec, NO_HOST, '/data/box');
  expect(layer).toMatchObject({
    upper: '/data/box/upper',
    parts: [{ path: '', lower: [directory('/above'), { path: '/base.img', image: true }] }],
  });
  expect(layer?.given).toEqual(expect.arrayContaining(['/job', '/job/space', '/etc', '/etc/hosts']));
});

test('on the host each system directory has its own, with what layers have of it', () => {
  const layer = writableLayer(specOf({ layers: [{ type: 'overlay', source: '/above' }] }), HOST, '/data/box');
  expect(layer?.parts).toEqual([
    { path: '', lower: [directory('/above')] },
    { path: 'usr', lower: [directory('/above/usr'), directory('/usr')] },
    { path: 'lib64', lower: [directory('/above/lib64'), directory('/lib64')] },
  ]);
  expect(layer?.given).toEqual(
    expect.arrayContaining(['/usr', '/root', '/etc/passwd', '/nix', '/nix/store']),
  );
});
