import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PathTarget } from 'containerv-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WrapperSpec } from '../../src/wrappers/wrapper-options.js';
import { writeWrappers } from '../../src/wrappers/write-wrappers.js';
import { Wine, wineMissing, windowsPath } from './wine.js';

// Wine's cmd.exe and that of Windows agree on all that is tested here. They do not on a `%` in what the caller passes:
// Wine expands it again where the wrapper says `%*`, and drops one that stands alone; Windows does neither.
const title =
  wineMissing === undefined ? 'a wrapper for cmd.exe' : `a wrapper for cmd.exe (skipped: ${wineMissing})`;

const ARGUMENTS = [
  '',
  ' ',
  'a b',
  'a"b',
  '"',
  '""',
  'tail\\',
  'a b\\',
  '\\"',
  '^',
  '^^',
  '&',
  'a&b',
  '|',
  '<x>',
  '!x!',
  '(',
  ')',
  ';,=',
  "it's",
  '*?',
  '@',
  '-x',
  '--',
  '--path',
  'a"b&c|d',
];
const PERCENT = ['%', '50% off', '100%', '%OS%', '%%', '%1', '%*', '"%OS%"', '^%OS^%'];
const UNICODE = ['ü', '日本 語', '🚀', 'é"è'];

/** As a program splits it again (CommandLineToArgvW). */
const quoteProgram = (word: string): string =>
  `"${word.replaceAll(/(\\*)("|$)/g, (_, slashes: string, quote: string) => `${slashes}${slashes}${quote === '' ? '' : '\\"'}`)}"`;
const escape = (text: string): string => text.replaceAll(/[()<>&|^!"\s,;=]/g, '^$&');
// Once for whoever calls the wrapper, once for the wrapper's own line.
const forCall = (words: readonly string[]): string =>
  words.map((word) => escape(escape(quoteProgram(word)))).join(' ');

describe.skipIf(wineMissing !== undefined)(title, () => {
  let wine: Wine;
  let bin: string;
  beforeAll(() => {
    wine = new Wine();
    bin = path.join(wine.directory, "bin & it's");
    mkdirSync(bin);
    wine.compile('words', path.join(bin, 'serve-exec.exe'));
  }, 300_000);
  afterAll(() => wine[Symbol.dispose]());

  const write = async (
    spec: Omit<WrapperSpec, 'name'>,
    target: PathTarget = 'wcow',
    program?: string,
    wdir = '/',
  ): Promise<string> => {
    const [file = ''] = await writeWrappers([{ name: 'tool', ...spec }], {
      container: 'box',
      directory: bin,
      formats: ['cmd'],
      target,
      program,
      wdir,
    });
    return file;
  };
  /** What arrived at serve-exec.exe: its path and its arguments. */
  const words = (
    line: string,
    env = {},
  ): { status: number | null; program: string; args: string[]; stderr: string } => {
    const { status, stdout, stderr } = wine.run(line, env);
    const [program = '', ...args] = stdout.split('\0').slice(0, -1);
    return { status, program, args, stderr };
  };
  const call = (file: string, text: string, env = {}) =>
    words(`cmd.exe /d /s /c ""${windowsPath(file)}" ${text}"`, env);

  const INSIDE = {
    wcow: ['--container', 'box', '--path', 'C:\\tools\\x.exe', '--wdir', 'C:\\', '--'],
    lcow: ['--container', 'box', '--path', '/chef/rootfs/tools/x.exe', '--wdir', '/chef/rootfs', '--'],
  } as const;

  test.for(['wcow', 'lcow'] as const)(
    'hands on the caller’s arguments and the status, for %s',
    async (target) => {
      const file = await write({ path: '/tools/x.exe' }, target);
      const given = [...ARGUMENTS, ...UNICODE];
      expect(call(file, forCall(given))).toMatchObject({ status: 42, args: [...INSIDE[target], ...given] });
    },
  );

  test.for(['wcow', 'lcow'] as const)('has fixed arguments of every kind, for %s', async (target) => {
    const fixed = [...ARGUMENTS, ...PERCENT];
    const file = await write({ path: '/tools/x.exe', args: fixed }, target);
    expect(call(file, 'last')).toMatchObject({ status: 42, args: [...INSIDE[target], ...fixed, 'last'] });
  });

  test.for(['wcow', 'lcow'] as const)('called by another batch file, for %s', async (target) => {
    const file = await write({ path: '/tools/x.exe' }, target);
    const caller = path.join(wine.directory, 'caller.cmd');
    const line = forCall(ARGUMENTS);
    writeFileSync(
      caller,
      `@echo off\r\ncall :again\r\nexit /b %ERRORLEVEL%\r\n:again\r\n"${windowsPath(file)}" ${line}\r\n`,
    );
    expect(call(caller, '')).toMatchObject({ status: 42, args: [...INSIDE[target], ...ARGUMENTS] });
  });

  test('a backslash at the end of --wdir swallows nothing', async () => {
    const file = await write({ path: 'C:\\x.exe' }, 'wcow', undefined, 'C:\\');
    expect(call(file, '"a"').args).toEqual([
      '--container',
      'box',
      '--path',
      'C:\\x.exe',
      '--wdir',
      'C:\\',
      '--',
      'a',
    ]);
  });

  test('delayed expansion that the caller has switched on changes nothing', async () => {
    const file = await write({ path: '/tools/x.exe', args: ['a!OS!b'] });
    const { args } = words(`cmd.exe /d /v:on /s /c ""${windowsPath(file)}" x"`);
    expect(args.slice(7)).toEqual(['a!OS!b', 'x']);
  });

  test('finds serve-exec beside it, then where it was written for, then in PATH, and says when there is none', async () => {
    const beside = path.join(bin, 'serve-exec.exe');
    const places = ['lib (x) dir', 'in path'].map((name) => path.join(wine.directory, name));
    const [lib = '', inPath = ''] = places;
    for (const place of places) {
      mkdirSync(place);
      copyFileSync(beside, path.join(place, 'serve-exec.exe'));
    }
    const file = await write({ path: 'x' }, 'wcow', path.join(lib, 'serve-exec.exe'));
    const env = { WINEPATH: windowsPath(inPath) };
    expect(call(file, '', env).program).toBe(windowsPath(beside));
    rmSync(beside);
    expect(path.win32.normalize(call(file, '', env).program)).toBe(
      windowsPath(path.join(lib, 'serve-exec.exe')),
    );
    rmSync(path.join(lib, 'serve-exec.exe'));
    expect(call(file, '', env).program).toBe(windowsPath(path.join(inPath, 'serve-exec.exe')));
    rmSync(path.join(inPath, 'serve-exec.exe'));
    const none = call(file, '', env);
    expect(none).toMatchObject({ status: 125, args: [] });
    expect(none.stderr).toMatch(/tool\.cmd: serve-exec\.exe is neither beside this wrapper nor in PATH/);
  });
});
