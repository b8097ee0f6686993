import { fc } from './property.js';

/** [input, linux, wcow]; lcow is /chef/rootfs + linux. */
export const EVERYWHERE = [
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
] as const;

/** [input, lcow]: the prefix is there exactly once. */
export const LCOW = [
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
] as const;

/** [input, wcow]: what Windows would drop. */
export const WCOW = [
  ['/a/.. /b', 'C:\\a\\b'],
  ['/a/.../b', 'C:\\a\\b'],
  ['/a./b ', 'C:\\a\\b'],
  ['/a/.b', 'C:\\a\\.b'],
] as const;

export const nasty: fc.Arbitrary<string> = fc
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
