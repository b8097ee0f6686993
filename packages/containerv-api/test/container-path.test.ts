import { win32 } from 'node:path';
import { fc, property } from './property.js';
import { describe, expect, test } from 'vitest';
import { containerPath, type PathTarget } from '../src/index.js';
import { expectInvalid } from './invalid.js';

const targets: readonly PathTarget[] = ['linux', 'wcow', 'lcow'];

/** [input, linux, wcow]; lcow is /chef/rootfs + linux. */
test.for([
  ['', '/', 'C:\\'],
  ['/', '/', 'C:\\'],
  ['\\', '/', 'C:\\'],
  ['.', '/', 'C:\\'],
  ['C:\\', '/', 'C:\\'],
  ['C:', '/', 'C:\\'],
  ['/usr/bin/make', '/usr/bin/make', 'C:\\usr\\bin\\make'],
  ['usr/bin', '/usr/bin', 'C:\\usr\\bin'],
  ['C:\\Program Files\\App', '/Program Files/App', 'C:\\Program Files\\App'],
  ['c:/tools/x.exe', '/tools/x.exe', 'C:\\tools\\x.exe'],
  ['D:\\data', '/data', 'C:\\data'],
  ['C:tools', '/tools', 'C:\\tools'],
  ['\\\\?\\C:\\very\\long', '/very/long', 'C:\\very\\long'],
  ['//?/C:/very/long', '/very/long', 'C:\\very\\long'],
  ['\\??\\C:\\x', '/x', 'C:\\x'],
  ['\\\\?\\UNC\\server\\share\\x', '/server/share/x', 'C:\\server\\share\\x'],
  ['\\\\server\\share\\x', '/server/share/x', 'C:\\server\\share\\x'],
  ['\\\\.\\pipe\\x', '/pipe/x', 'C:\\pipe\\x'],
  ['/a//b///c/', '/a/b/c', 'C:\\a\\b\\c'],
  ['a\\b/c\\\\d', '/a/b/c/d', 'C:\\a\\b\\c\\d'],
  ['/a/./b/.', '/a/b', 'C:\\a\\b'],
  ['/a/../b', '/b', 'C:\\b'],
  ['../../etc/passwd', '/etc/passwd', 'C:\\etc\\passwd'],
  ['C:..\\..\\Windows', '/Windows', 'C:\\Windows'],
  ['\\\\?\\C:\\..\\..\\x', '/x', 'C:\\x'],
  ['/..', '/', 'C:\\'],
  ['/tmp/ünïcødé/日本/🚀', '/tmp/ünïcødé/日本/🚀', 'C:\\tmp\\ünïcødé\\日本\\🚀'],
  ['/with space/a', '/with space/a', 'C:\\with space\\a'],
] as const)('%j', ([input, linux, wcow]) => {
  expect(containerPath(input, 'linux')).toBe(linux);
  expect(containerPath(input, 'wcow')).toBe(wcow);
  expect(containerPath(input, 'lcow')).toBe(linux === '/' ? '/chef/rootfs' : `/chef/rootfs${linux}`);
});

describe('lcow has its prefix exactly once', () => {
  test.for([
    ['/chef/rootfs', '/chef/rootfs'],
    ['/chef/rootfs/', '/chef/rootfs'],
    ['/chef/rootfs/bin/x', '/chef/rootfs/bin/x'],
    ['chef\\rootfs\\bin\\x', '/chef/rootfs/bin/x'],
    ['C:\\chef\\rootfs\\bin', '/chef/rootfs/bin'],
    ['/chef/rootfs/chef/rootfs/bin', '/chef/rootfs/bin'],
    ['/chef/rootfs-other', '/chef/rootfs/chef/rootfs-other'],
    ['/chef', '/chef/rootfs/chef'],
    ['/chef/rootfs/../../etc', '/chef/rootfs/etc'],
    ['/chef/rootfs/..', '/chef/rootfs/chef'],
  ] as const)('%j', ([input, expected]) => {
    expect(containerPath(input, 'lcow')).toBe(expected);
  });
});

describe('wcow drops what Windows would drop', () => {
  test.for([
    ['/a/.. /b', 'C:\\a\\b'],
    ['/a/.../b', 'C:\\a\\b'],
    ['/a./b ', 'C:\\a\\b'],
    ['/a/.b', 'C:\\a\\.b'],
  ] as const)('%j', ([input, expected]) => {
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

const nasty = fc
  .oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom(
          '..',
          '.',
          '/',
          '\\',
          'C:',
          '\\\\?\\',
          'UNC',
          'chef',
          'rootfs',
          'a',
          '...',
          '.. ',
          '?',
          '',
        ),
        {
          maxLength: 12,
        },
      )
      .map((parts) => parts.join('')),
  )
  .filter((path) => !path.includes('\0'));

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
