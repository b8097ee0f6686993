import { expect, test } from 'vitest';
import { commandInside, directoryInside } from '../src/exec/paths-inside.js';

test.for([
  ['/bin/x', 'linux', 'linux', '/bin/x'],
  ['/chef/rootfs/bin/x', 'linux', 'linux', '/chef/rootfs/bin/x'],
  ['/chef/rootfs/bin/x', 'linux', 'win32', '/bin/x'],
  ['/bin/x', 'linux', 'win32', '/bin/x'],
  ['/chef/rootfs', 'linux', 'win32', '/'],
  ['/tools/x.exe', 'windows', 'win32', 'C:\\tools\\x.exe'],
] as const)('%s of a %s container on %s', ([path, guest, platform, expected]) => {
  expect(directoryInside(path, guest, platform)).toBe(expected);
  expect(commandInside(path, guest, platform)).toBe(expected);
});

test('a bare name stays one', () => {
  expect(commandInside('make', 'linux', 'win32')).toBe('make');
});
