import { describe, expect, test } from 'vitest';
import { createPolicy, FsAccess } from '../../src/index.js';
import { expectInvalid } from '../support/invalid.js';

const { Read, Write, Execute, All } = FsAccess;

describe('addPaths', () => {
  test('confines build and custom from the first call on, even without paths', () => {
    for (const name of ['build', 'custom'] as const) {
      expect(createPolicy(name).paths).toEqual([{ path: '/', access: All }]);
      expect(createPolicy(name).addPaths([], Read).paths).not.toContainEqual({ path: '/', access: All });
    }
    expect(createPolicy('custom').addPaths([], All).paths).toEqual([]);
    expect(createPolicy('custom').addPaths(['/'], Read).paths).toEqual([{ path: '/', access: Read }]);
  });

  test('adds to what was there', () => {
    const policy = createPolicy('custom')
      .addPaths(['/b', '/a'], Read)
      .addPaths(['/a'], Execute)
      .addPaths(['/c/'], Write);
    expect(policy.paths).toEqual([
      { path: '/a', access: Read | Execute },
      { path: '/b', access: Read },
      { path: '/c', access: Write },
    ]);
  });

  test.for([
    ['/', '/'],
    ['//', '/'],
    ['/a/', '/a'],
    ['/a//b/./c', '/a/b/c'],
    ['/.', '/'],
    ['/a b/ü', '/a b/ü'],
    ['/...', '/...'],
  ])('%s is %s', ([path, normal]) => {
    expect(createPolicy('custom').addPaths([path!], Read).paths).toEqual([{ path: normal, access: Read }]);
  });

  test.for([
    ['lib', /`paths\[0\]` to be an absolute path, got `"lib"`/],
    ['', /a path of 1 to 4095 bytes/],
    ['./x', /absolute/],
    ['~/x', /absolute/],
    ['C:\\x', /absolute/],
    ['/a\0b', /without NUL, newline/],
    ['/a\nb', /without NUL, newline/],
    ['/a/../b', /`\.\.` is not allowed/],
    ['/..', /`\.\.` is not allowed/],
    [`/${'x'.repeat(4095)}`, /1 to 4095 bytes/],
    ['/\ud800', /whole Unicode characters/],
    [7, /a path of/],
    [null, /a path of/],
  ] as const)('refuses %j', ([path, message]) => {
    expectInvalid(() => createPolicy('build').addPaths([path as string], Read), message);
  });

  test('refuses a bad access and changes nothing for one bad path among good ones', () => {
    const policy = createPolicy('build');
    for (const access of [0, 8, -1, 1.5, '1', undefined])
      expectInvalid(
        () => policy.addPaths(['/a'], access as number),
        /`access` to be a whole number from 1 to 7/,
      );
    expectInvalid(() => policy.addPaths(['/a', 'b'], Read), /`paths\[1\]`/);
    expectInvalid(() => policy.addPaths('/a' as never, Read), /`paths` to be an array/);
    expect(policy.paths).toEqual([{ path: '/', access: All }]);
  });
});

describe('base policies', () => {
  const accessOf = (name: 'minimal' | 'network', path: string): number | undefined =>
    createPolicy(name).paths.find((rule) => rule.path === path)?.access;

  test('minimal and network: system libraries to use, basic devices, /tmp; nothing else to write', () => {
    for (const name of ['minimal', 'network'] as const) {
      expect(accessOf(name, '/usr')).toBe(Read | Execute);
      expect(accessOf(name, '/lib')).toBe(Read | Execute);
      expect(accessOf(name, '/dev/null')).toBe(Read | Write);
      const writable = createPolicy(name).paths.filter(({ access }) => (access & Write) !== 0);
      expect(writable.map(({ path }) => path).filter((path) => !path.startsWith('/dev/'))).toEqual(['/tmp']);
    }
    expect(accessOf('network', '/etc/resolv.conf')).toBe(Read);
    expect(accessOf('minimal', '/etc/resolv.conf')).toBeUndefined();
    for (const secret of ['/etc', '/etc/shadow', '/root', '/home', '/'])
      expect(accessOf('network', secret)).toBeUndefined();
  });

  test('build keeps the system usable once it is confined, and writes only where told, to devices and to /tmp', () => {
    const { paths } = createPolicy('build').addPaths(['/workspace'], All);
    const writable = paths.filter(({ access }) => (access & Write) !== 0).map(({ path }) => path);
    expect(writable.filter((path) => !path.startsWith('/dev'))).toEqual(['/tmp', '/workspace']);
    expect(paths).toContainEqual({ path: '/usr', access: Read | Execute });
    expect(paths).toContainEqual({ path: '/etc', access: Read });
  });
});
