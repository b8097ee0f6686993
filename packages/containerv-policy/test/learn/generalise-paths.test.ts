import { expect, test } from 'vitest';
import { FsAccess } from '../../src/index.js';
import { neededAccess } from '../../src/learn/file-access.js';
import { generalisePaths, isBelow, permits } from '../../src/learn/generalise-paths.js';
import { fc } from '../support/property.js';

const { Read, Write, Execute, All } = FsAccess;
const numbered = (directory: string, count: number): { path: string; access: number }[] =>
  Array.from({ length: count }, (_, at) => ({ path: `${directory}/f${at}`, access: Read }));

test('eight files in a directory stay, nine become the directory', () => {
  expect(generalisePaths(numbered('/srv/data', 8), undefined).added).toHaveLength(8);
  expect(generalisePaths(numbered('/srv/data', 9), undefined).added).toEqual([
    { path: '/srv/data', access: Read },
  ]);
});

test('crowded directories count in the one above, which never becomes the root', () => {
  const nested = Array.from({ length: 9 }, (_, at) => numbered(`/srv/d${at}`, 9)).flat();
  expect(generalisePaths(nested, undefined).added).toEqual([{ path: '/srv', access: Read }]);
  expect(generalisePaths(numbered('', 20), undefined).added).toHaveLength(20);
});

test('a neighbour with the same beginning is not inside', () => {
  const { added } = generalisePaths(
    [
      { path: '/workspace2/a', access: Write },
      { path: '/workspace/a', access: Read },
      { path: '/tmpfile', access: Read },
    ],
    '/workspace',
  );
  expect(added.map(({ path }) => path)).toEqual(['/tmpfile', '/workspace', '/workspace2/a']);
});

test('more than a system entry allows is a rule of its own', () => {
  const { system, added } = generalisePaths(
    [
      { path: '/usr/bin/make', access: Execute },
      { path: '/usr/local/lib', access: Write },
      { path: '/dev/null', access: Read | Write },
      { path: '/proc', access: Read },
      { path: '/tmp/configure-test', access: Execute },
    ],
    undefined,
  );
  expect(system.map(({ path }) => path)).toEqual(['/dev/null', '/proc', '/usr']);
  expect(added).toEqual([
    { path: '/tmp', access: Execute },
    { path: '/usr/local/lib', access: Write },
  ]);
});

test('`/` as a workspace generalises nothing', () => {
  expect(generalisePaths([{ path: '/srv/a', access: Read }], '/').added).toEqual([
    { path: '/srv/a', access: Read },
  ]);
});

const component = fc.constantFrom(
  'usr',
  'etc',
  'tmp',
  'workspace',
  'srv',
  'a',
  'b',
  'hosts',
  'lib',
  'x',
  'y',
  'z',
);
const used = fc.array(
  fc.record({
    path: fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    access: fc.integer({ min: 1, max: 7 }),
  }),
  { maxLength: 60 },
);

test('every use stays permitted, by rules that no other makes superfluous', () => {
  fc.assert(
    fc.property(used, fc.constantFrom(undefined, '/workspace', '/srv/a'), (list, workspace) => {
      const { system, added } = generalisePaths(list, workspace);
      const all = [...system, ...added];
      for (const { path, access } of list) expect([path, permits(all, path, access)]).toEqual([path, true]);
      for (const { path } of added) expect(list.some((own) => isBelow(own.path, path))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.for([
  ['openat', 0, 'file', Read],
  ['open', 1, 'file', Write],
  ['openat2', 2, 'file', Read | Write],
  ['openat', 0o1000, 'file', Read | Write],
  ['openat', 0o101, 'file', Write],
  ['openat', 0o102, 'nothing', Read | Write],
  ['openat', 0o100, 'nothing', Read | Write],
  ['openat', 0, 'nothing', 0],
  ['openat', 0o10000000, 'file', 0],
  ['openat', 0o20200002, 'directory', Read | Write],
  ['execve', 0, 'file', Execute],
  ['execve', 0, 'nothing', 0],
  ['mmap', 0, 'file', Execute],
  ['unlink', 0, 'directory', Write],
  ['chmod', 0, 'file', Write],
  ['chmod', 0, 'nothing', 0],
  ['creat', 0, 'nothing', Write],
] as const)('%s with flags %i of a %s needs %i', ([syscall, flags, found, access]) => {
  expect(neededAccess({ syscall, flags, found, path: '/x', count: 1 })).toBe(access);
  expect(access & ~All).toBe(0);
});
