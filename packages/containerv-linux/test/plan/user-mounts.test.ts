import { expect, test } from 'vitest';
import { SourceTrees } from '../../src/plan/source-trees.js';
import { userMounts } from '../../src/plan/user-mounts.js';
import { specOf } from '../support/spec.js';

const PLAIN = new SourceTrees(false);

test('mounts come in the order they were given in', () => {
  const mounts = ['/b', '/a', '/b/c'].map((target) => ({ source: '/srv', target }));
  expect(userMounts(specOf({ mounts }), PLAIN).map((each) => 'path' in each && each.path)).toEqual([
    '/b',
    '/a',
    '/b/c',
  ]);
});

test('a bind may be read-only, recursive, and on a mount point that is made', () => {
  const [plain, full] = userMounts(
    specOf({
      mounts: [
        { source: '/srv/a', target: '/a', readonly: false, recursive: false, create: false },
        { source: '/srv/b', target: '/b', readonly: true, recursive: true, create: true },
      ],
    }),
    PLAIN,
  );
  expect(plain).toEqual({
    op: 'bind',
    path: '/a',
    source: '/srv/a',
    flags: [],
    attributes: ['nosuid', 'nodev'],
  });
  expect(full).toEqual({
    op: 'bind',
    path: '/b',
    source: '/srv/b',
    flags: ['create', 'recursive'],
    attributes: ['nosuid', 'nodev', 'readonly'],
  });
});

test('a tmpfs has its size', () => {
  const [sized, unsized] = userMounts(
    specOf({
      mounts: [
        { type: 'tmpfs', target: '/scratch', size: '1M' },
        { type: 'tmpfs', target: '/other' },
      ],
    }),
    PLAIN,
  );
  expect(sized).toMatchObject({ op: 'mount', type: 'tmpfs', options: { mode: '0755', size: '1048576' } });
  expect(unsized).toHaveProperty('options', { mode: '0755' });
});

test('no mount brings devices or set-user-id programs', () => {
  const mounts = [
    { source: '/dev', target: '/d' },
    { type: 'tmpfs' as const, target: '/t' },
  ];
  for (const each of userMounts(specOf({ mounts }), PLAIN))
    expect(each).toHaveProperty('attributes', expect.arrayContaining(['nosuid', 'nodev']));
});

test('a read-only root that is the caller’s gets no mount points, a read-only one of our own does', () => {
  const mounts = [{ source: '/srv', target: '/data', create: true }];
  const flags = (rootfs: string): unknown =>
    userMounts(specOf({ rootfs, writable: false, mounts }), PLAIN).map(
      (each) => 'flags' in each && each.flags,
    );
  expect(flags('/srv/root')).toEqual([['recursive']]);
  expect(flags('host')).toEqual([['create', 'recursive']]);
});
