import { constants } from 'node:fs';
import { expect, test } from 'vitest';
import { type Access, findPasta } from '../../src/network/pasta-program.js';

const { F_OK, R_OK, W_OK, X_OK } = constants;

/** A machine on which these files may be used in these ways. */
function machine(files: Readonly<Record<string, number>>): Access {
  return (file, mode) => file in files && ((files[file] ?? 0) & mode) === mode;
}

test.for<[string, Record<string, number>, string, string]>([
  ['no program', { '/dev/net/tun': R_OK | W_OK }, 'not installed', 'apt-get install passt'],
  ['a program that cannot be run', { '/usr/bin/pasta': R_OK }, 'not installed', 'passt'],
  ['no device', { '/usr/bin/pasta': X_OK }, 'no /dev/net/tun', 'modprobe tun'],
  ['the device for others', { '/usr/bin/pasta': X_OK, '/dev/net/tun': F_OK }, 'may not open', 'chmod 666'],
  ['the device read-only', { '/usr/bin/pasta': X_OK, '/dev/net/tun': R_OK }, 'may not open', 'chmod 666'],
])('%s is a lack that names what mends it', ([, files, what, fix]) => {
  expect(findPasta(machine(files))).toEqual({
    lack: { what: expect.stringContaining(what) as unknown, fix: expect.stringContaining(fix) as unknown },
  });
});

test('it is looked for where administrators put programs, not on PATH', () => {
  const files = { '/dev/net/tun': R_OK | W_OK, '/bin/pasta': X_OK, '/usr/local/bin/pasta': X_OK };
  expect(findPasta(machine(files))).toEqual({ program: '/usr/local/bin/pasta' });
  const before = process.env['PATH'];
  try {
    process.env['PATH'] = '/home/somebody/bin';
    expect(findPasta(machine({ ...files, '/home/somebody/bin/pasta': X_OK }))).toEqual({
      program: '/usr/local/bin/pasta',
    });
  } finally {
    process.env['PATH'] = before;
  }
});
