import { describe, expect, test } from 'vitest';
import { ETC_ENTRIES, PACKAGE_STORES, SYSTEM_DIRECTORIES } from '../../src/plan/host-root.js';
import { type HostEntry, takesOverlay, viewHost } from '../../src/plan/host-view.js';

test('this host is seen as far as it is listed, and no further', () => {
  const { system, stores, etc } = viewHost();
  const paths = (entries: readonly HostEntry[]): string[] => entries.map(({ path }) => path);
  const listed = ETC_ENTRIES.flatMap(({ names }) => names.map((name) => `/etc/${name}`));
  expect(SYSTEM_DIRECTORIES.map((name) => `/${name}`)).toEqual(expect.arrayContaining(paths(system)));
  expect(PACKAGE_STORES).toEqual(expect.arrayContaining(paths(stores)));
  expect(listed).toEqual(expect.arrayContaining(paths(etc)));
  expect(paths(system)).toContain('/usr');
});

describe('a system directory takes an overlay', () => {
  const directory = (covered: boolean): HostEntry => ({ path: '/usr', kind: 'directory', covered });

  test.for([
    [directory(false), true, true],
    [directory(false), false, true],
    [directory(true), false, true],
    [directory(true), true, false],
    [{ path: '/bin', kind: 'link', target: 'usr/bin' }, false, false],
    [{ path: '/lib', kind: 'file' }, false, false],
  ] as const)('%j, in a user namespace %s: %s', ([entry, userNamespace, takes]) => {
    expect(takesOverlay(entry, userNamespace)).toBe(takes);
  });
});
