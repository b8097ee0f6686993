import { expect, test } from 'vitest';
import { SourceTrees } from '../../src/plan/source-trees.js';

const onRoot = (path: string): boolean => !path.startsWith('/opt');

test('without mapped owners, sources are where they are', () => {
  const trees = new SourceTrees(false, onRoot);
  expect([trees.of('/srv', true), trees.ofSystem('/usr')]).toEqual(['/srv', '/usr']);
  expect(trees.list).toEqual([]);
});

test('of the mount at / one tree is enough, of whatever else each has its own', () => {
  const trees = new SourceTrees(true, onRoot);
  expect(['/usr', '/etc/passwd', '/opt/store', '/usr'].map((path) => trees.ofSystem(path))).toEqual([
    'trees/0/usr',
    'trees/0/etc/passwd',
    'trees/1',
    'trees/0/usr',
  ]);
  expect(trees.list).toEqual([
    { path: '/', recursive: false, mapped: true, image: false, devices: [] },
    { path: '/opt/store', recursive: false, mapped: true, image: false, devices: [] },
  ]);
});

test('what a caller names is a tree of its own: it may be a link, or hidden below a mount', () => {
  const trees = new SourceTrees(true, onRoot);
  const places = [
    trees.of('/srv', true),
    trees.of('/srv', false),
    trees.of('/srv', true),
    trees.of('/', false),
  ];
  expect(places).toEqual(['trees/0', 'trees/1', 'trees/0', 'trees/2']);
  expect(trees.ofSystem('/usr')).toBe('trees/2/usr');
});

test('an image is always a mount of the driver’s, its owners mapped like all others', () => {
  for (const mapped of [true, false]) {
    const trees = new SourceTrees(mapped, onRoot);
    expect([trees.ofImage('/a.img'), trees.ofImage('/a.img')]).toEqual(['trees/0', 'trees/0']);
    expect(trees.list).toEqual([{ path: '/a.img', recursive: false, mapped, image: true, devices: [] }]);
  }
});

test('more than init takes are refused, whatever they are of', () => {
  const trees = new SourceTrees(true, onRoot);
  for (let index = 0; index < 600; index++) trees.of(`/srv/${index}`, true);
  expect(trees.of('/srv/0', true)).toBe('trees/0');
  for (const one of [
    () => trees.of('/other', true),
    () => trees.ofImage('/a.img'),
    () => trees.ofDevices([]),
  ])
    expect(one).toThrow(/more than 600 places of the host/);
});
