import { win32 } from 'node:path';
import { fc, property } from './property.js';
import { describe, expect, test } from 'vitest';
import { containerPath, type PathTarget } from '../src/index.js';
import { EVERYWHERE, LCOW, nasty, WCOW } from './container-path-table.js';
import { expectInvalid } from './invalid.js';

const targets: readonly PathTarget[] = ['linux', 'wcow', 'lcow'];

test.for(EVERYWHERE)('%j', ([input, linux, wcow]) => {
  expect(containerPath(input, 'linux')).toBe(linux);
  expect(containerPath(input, 'wcow')).toBe(wcow);
  expect(containerPath(input, 'lcow')).toBe(linux === '/' ? '/chef/rootfs' : `/chef/rootfs${linux}`);
});

describe('lcow has its prefix exactly once', () => {
  test.for(LCOW)('%j', ([input, expected]) => {
    expect(containerPath(input, 'lcow')).toBe(expected);
  });
});

describe('wcow drops what Windows would drop', () => {
  test.for(WCOW)('%j', ([input, expected]) => {
    expect(containerPath(input, 'wcow')).toBe(expected);
  });
  test('Linux keeps it', () => {
    expect(containerPath('/a/.../b ', 'linux')).toBe('/a/.../b ');
  });
});

test('very long paths are kept whole', () => {
  const long = `/${'directory/'.repeat(5000)}file`;
  expect(containerPath(long, 'linux')).toBe(long);
});

test.for([['a\0b'], [undefined], [null], [7], [['/a']]])('%j is refused', ([path]) => {
  for (const target of targets) expectInvalid(() => containerPath(path as string, target), '`path`');
});

test('an unknown target is refused', () => {
  expectInvalid(() => containerPath('/a', 'mac' as PathTarget), '`target`');
});

property([nasty, fc.constantFrom(...targets)])(
  'giving the result in again changes nothing',
  (path, target) => {
    const once = containerPath(path, target);
    expect(containerPath(once, target)).toBe(once);
  },
);

property([nasty])('nothing leaves the root', (path) => {
  expect(containerPath(path, 'linux').split('/')).not.toContain('..');
  expect(containerPath(path, 'linux')).toMatch(/^\/(?!\/)/);
  expect(containerPath(path, 'lcow')).toMatch(/^\/chef\/rootfs(?:\/|$)/);
  expect(containerPath(path, 'lcow').split('/')).not.toContain('..');
  const windows = containerPath(path, 'wcow');
  expect(windows.startsWith('C:\\')).toBe(true);
  expect(win32.resolve('C:\\', windows).toLowerCase()).toBe(windows.toLowerCase());
});
