import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cmdText, quoteCmd } from '../../src/wrappers/cmd-text.js';
import { wrapperArguments } from '../../src/wrappers/invocation.js';
import { posixText, quotePosix } from '../../src/wrappers/posix-text.js';
import { quotePowerShell } from '../../src/wrappers/powershell-text.js';
import { splitWords } from '../../src/wrappers/split-words.js';
import { parseSpec } from '../../src/wrappers/wrappers-command.js';

test.for([
  ['linux', '/usr/bin/make', '/', '/usr/bin/make', '/'],
  ['linux', 'usr\\bin\\make', 'C:\\src', '/usr/bin/make', '/src'],
  ['linux', 'make', '/', 'make', '/'],
  ['wcow', '/tools/make.exe', '/', 'C:\\tools\\make.exe', 'C:\\'],
  ['wcow', 'D:\\tools\\..\\make.exe', 'src\\', 'C:\\make.exe', 'C:\\src'],
  ['lcow', '/usr/bin/make', '/', '/chef/rootfs/usr/bin/make', '/chef/rootfs'],
  ['lcow', '/chef/rootfs/usr/bin/make', '/chef/rootfs/', '/chef/rootfs/usr/bin/make', '/chef/rootfs'],
] as const)('%s: %s in %s', ([target, path, wdir, inside, directory]) => {
  expect(wrapperArguments({ name: 'x', path, args: ['-a'] }, { container: 'box', wdir, target })).toEqual([
    '--container',
    'box',
    '--path',
    inside,
    '--wdir',
    directory,
    '--',
    '-a',
  ]);
});

test.for([
  ['make=/usr/bin/make', { name: 'make', path: '/usr/bin/make', args: [] }],
  ['make=/usr/bin/make:', { name: 'make', path: '/usr/bin/make', args: [] }],
  ["m=make:-k 'a b' \"c\\\"d\" e\\ f ''", { name: 'm', path: 'make', args: ['-k', 'a b', 'c"d', 'e f', ''] }],
  ['x=C:\\a\\b.exe:-v C:\\\\d', { name: 'x', path: 'C:\\a\\b.exe', args: ['-v', 'C:\\d'] }],
  ['x=c:/a:b=c', { name: 'x', path: 'c:/a', args: ['b=c'] }],
] as const)('%s', ([text, spec]) => {
  expect(parseSpec(text)).toEqual(spec);
});

test.for(['', 'x', '=x', 'x=', 'x=:a', "x=y:'a"])('%j is no wrapper', (text) => {
  expect(() => parseSpec(text)).toThrow(expect.objectContaining({ code: 'ERR_CONTAINERV_INVALID_OPTION' }));
});

test('words that are quoted for a shell come out as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(splitWords(words.map(quotePosix).join(' '))).toEqual(words);
    }),
  );
});

test.for([
  ['plain', '"plain"'],
  ['', '""'],
  ['a b', '"a b"'],
  ['C:\\dir\\', '"C:\\dir\\\\"'],
  ['50%', '"50%%"'],
  ['^&|<>()!', '"^&|<>()!"'],
  ['a"b', '^"a\\^"b^"'],
  ['a\\"&%x% ', '^"a\\\\\\^"^&%%x%%^ ^"'],
])('cmd: %s is written %s', ([argument, text]) => {
  expect(quoteCmd(argument as string)).toBe(text);
});

test('a batch file ends every line with CR LF, and hands on arguments and status', () => {
  const text = cmdText({ args: ['--wdir', 'C:\\', '--', 'x'], program: '../lib/serve-exec.exe' });
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(text).toContain('"%serve_exec%" "--wdir" "C:\\\\" "--" "x" %*\r\nexit /b %ERRORLEVEL%\r\n');
  expect(text).toContain('"serve_exec=%~dp0..\\lib\\serve-exec.exe"');
});

test('PowerShell: every kind of quote is doubled', () => {
  expect(quotePowerShell('a\'b\u2019c`$x"')).toBe("'a''b\u2019\u2019c`$x\"'");
});

test('cmd: a program on another drive, and a script, which takes Node.js', () => {
  const text = (program: string): string => cmdText({ args: ['x'], program });
  expect(text('D:\\a 50%\\serve-exec.exe')).toContain('set "serve_exec=D:\\a 50%%\\serve-exec.exe"');
  expect(text('../cli.js')).toContain('if exist "%~dp0..\\cli.js" set "serve_node=node.exe"');
  expect(text('../cli.js')).toContain('\r\n%serve_node% "%serve_exec%" "x" %*\r\n');
});

test('sh: nothing comes between the wrapper and serve-exec', () => {
  expect(posixText({ args: ['a'], program: undefined })).toContain('exec "$program" "$@"');
});
