import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quoteCommandLine } from '../src/command-line.js';

/** CommandLineToArgvW, from its documentation: what a Windows program makes of its command line. */
function splitCommandLine(line: string): string[] {
  const argv: string[] = [];
  let at = 0;
  let program = '';
  if (line[0] === '"') {
    const end = line.indexOf('"', 1);
    program = line.slice(1, end < 0 ? undefined : end);
    at = end < 0 ? line.length : end + 1;
  } else {
    while (at < line.length && (line[at] ?? '') > ' ') program += line[at++];
  }
  argv.push(program);
  let current: string | undefined;
  let quoted = false;
  while (at < line.length) {
    const char = line[at] ?? '';
    if (!quoted && (char === ' ' || char === '\t')) {
      if (current !== undefined) argv.push(current);
      current = undefined;
      at++;
      continue;
    }
    current ??= '';
    if (char === '\\') {
      let slashes = 0;
      while (line[at] === '\\') {
        slashes++;
        at++;
      }
      if (line[at] !== '"') current += '\\'.repeat(slashes);
      else {
        current += '\\'.repeat(Math.floor(slashes / 2));
        if (slashes % 2 === 1) {
          current += '"';
          at++;
        }
      }
    } else if (char === '"') {
      if (quoted && line[at + 1] === '"') {
        current += '"';
        at++;
      }
      quoted = !quoted;
      at++;
    } else {
      current += char;
      at++;
    }
  }
  if (current !== undefined) argv.push(current);
  return argv;
}

const nasty = string({ unit: constantFrom('\\', '"', ' ', '\t', 'a', '%', '^', '&', '\n', 'é', '漢') });
const argument = oneof(nasty, string({ unit: 'grapheme' })).filter((text) => !text.includes('\0'));
const program = argument.filter((text) => !text.includes('"'));

describe('quoteCommandLine', () => {
  test('gives argv back through the rules of CommandLineToArgvW', () => {
    assert(
      property(program, array(argument, { maxLength: 6 }), (name, rest) => {
        const argv = [name, ...rest];
        expect(splitCommandLine(quoteCommandLine(argv))).toEqual(argv);
      }),
      { numRuns: 3000 },
    );
  });

  test.for([
    [['cmd', '/c', 'echo hi'], 'cmd /c "echo hi"'],
    [['C:\\Program Files\\x.exe', 'a b'], '"C:\\Program Files\\x.exe" "a b"'],
    [['x', ''], 'x ""'],
    [['x', 'a"b'], String.raw`x "a\"b"`],
    [['x', 'tail\\'], String.raw`x tail\ `.trim()],
    [['x', 'a b\\'], String.raw`x "a b\\"`],
    [['x', String.raw`a\"b`], String.raw`x "a\\\"b"`],
    [['x', String.raw`\\server\share`], String.raw`x \\server\share`],
  ] as const)('%j is %s', ([argv, line]) => {
    expect(quoteCommandLine(argv)).toBe(line);
  });

  test('refuses what no command line can say', () => {
    expect(() => quoteCommandLine([])).toThrow(/needs a program/);
    expect(() => quoteCommandLine(['a\0b'])).toThrow(/NUL/);
    expect(() => quoteCommandLine(['a"b'])).toThrow(/quote/);
    expect(() => quoteCommandLine(['x', 'y'.repeat(40_000)])).toThrow(
      expect.objectContaining({ code: 'ERR_CONTAINERV_SPAWN', errno: 'E2BIG' }),
    );
  });
});
