// Wrappers for cmd.exe, run by Wine's, that start the real serve-exec.exe: what the caller wrote arrives in the container.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PathTarget } from 'containerv-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quoteCommandLine } from '../../packages/containerv-windows/src/command-line.js';
import { writeWrappers } from '../../packages/serve-exec/src/wrappers/write-wrappers.js';
import { missingForTrials, PROGRAM, Trial, type World } from './support/serve-exec.js';
import { setUpPrograms, stopLane, winPath } from './wine/lane.mjs';

const missing = await missingForTrials();
if (missing !== undefined) {
  test(`needs Wine and a compiler for Windows: ${missing}`, (context) => context.skip());
}

// Without a `%`, which is cmd.exe's before any wrapper is asked, and in ASCII, since the caller is a batch file here, which
// Wine reads in a code page: packages/serve-exec/test/wine has the rest.
const NASTY = [
  '',
  ' ',
  'a b',
  'a"b',
  '"',
  'tail\\',
  'a b\\',
  '\\"',
  '^',
  '&',
  'a&b',
  '|',
  '<x>',
  '!x!',
  '(',
  ')',
  ';,=',
  "it's",
  '*',
  '--',
  '--path',
  'a"b&c|d',
];
const FIXED = [...NASTY, '%', '50% off', '%OS%', '%%', '%1', '%*', '"%OS%"'];
const CMD = winPath(fileURLToPath(new URL('build/prefix/drive_c/windows/system32/cmd.exe', import.meta.url)));

/** As a program splits it again (CommandLineToArgvW). */
const quoteProgram = (word: string): string =>
  `"${word.replaceAll(/(\\*)("|$)/g, (_, slashes: string, quote: string) => `${slashes}${slashes}${quote === '' ? '' : '\\"'}`)}"`;
const escape = (text: string): string => text.replaceAll(/[()<>&|^!"\s,;=]/g, '^$&');
// Once for the batch file that calls the wrapper, once for the wrapper's own line.
const forCall = (words: readonly string[]): string =>
  words.map((word) => escape(escape(quoteProgram(word)))).join(' ');

const WORLDS: readonly {
  target: PathTarget;
  world: World;
  path: string;
  command: string;
  inside: string;
  wdir: string;
}[] = [
  {
    target: 'wcow',
    world: {},
    path: 'guest.exe',
    command: 'guest.exe',
    inside: 'C:\\windows',
    wdir: '/windows',
  },
  {
    target: 'lcow',
    world: { options: { windows: { containerType: 'linux' }, rootfs: String.raw`C:\image` } },
    path: '/bin/guest',
    command: '/bin/guest',
    inside: '/src/a b',
    wdir: 'C:\\src\\a b\\',
  },
];

describe
  .skipIf(missing !== undefined)
  .concurrent('wrappers that run serve-exec.exe', { timeout: 120_000 }, () => {
    beforeAll(setUpPrograms, 600_000);
    afterAll(stopLane);

    describe.for(WORLDS)(
      'of a container of $target',
      ({ target, world, path: command, command: argv0, inside, wdir }) => {
        /** Runs a wrapper as a batch file does, and says what arrived. */
        const call = async (trial: Trial, fixed: readonly string[], words: readonly string[], input = '') => {
          const options = {
            container: 'box',
            directory: trial.directory,
            formats: ['cmd'],
            target,
            wdir,
            program: PROGRAM,
          } as const;
          const [file = ''] = await writeWrappers([{ name: 'tool', path: command, args: fixed }], options);
          const caller = path.join(trial.directory, 'caller.cmd');
          const lines = [
            '@echo off',
            `call :again`,
            'exit /b %ERRORLEVEL%',
            ':again',
            `"${winPath(file)}" ${forCall(words)}`,
            '',
          ];
          writeFileSync(caller, lines.join('\r\n'));
          return trial.run(['/d', '/c', winPath(caller)], { program: CMD, input });
        };
        const argvOf = ({ parameters }: Trial): unknown =>
          target === 'lcow'
            ? (parameters['OciProcess'] as { args: string[] }).args
            : parameters['CommandLine'];
        const asStarted = (words: readonly string[]): unknown =>
          target === 'lcow' ? [argv0, ...words] : quoteCommandLine([argv0, ...words]);

        test('the caller’s arguments arrive exactly, behind those of the wrapper', async () => {
          using trial = new Trial(world);
          const { stderr } = await call(trial, ['args', ...FIXED], NASTY);
          expect(stderr).toBe('');
          expect(argvOf(trial)).toEqual(asStarted(['args', ...FIXED, ...NASTY]));
        });

        test('the directory is the container’s', async () => {
          using trial = new Trial(world);
          await call(trial, ['exit'], ['0']);
          const { parameters } = trial;
          const directory =
            target === 'lcow'
              ? (parameters['OciProcess'] as { cwd: string }).cwd
              : parameters['WorkingDirectory'];
          expect(directory).toBe(inside);
        });

        test('status, input and output are the command’s', async () => {
          using trial = new Trial(world);
          expect(await call(trial, ['exit'], ['42'])).toMatchObject({ status: 42, stderr: '' });
          const { status, stdout } = await call(trial, [], ['cat'], 'through all of it');
          expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: 'through all of it' });
        });
      },
    );
  });
