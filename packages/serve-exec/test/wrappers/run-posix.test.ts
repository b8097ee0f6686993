import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeWrappers } from '../../src/wrappers/write-wrappers.js';

const NASTY = [
  '',
  ' ',
  'a  b',
  "it's",
  '"',
  '\\',
  '$HOME',
  '`id`',
  '$(id)',
  '*',
  ';',
  '&',
  '|',
  '\n',
  'ü🚀',
  '-n',
  '--',
  '%s',
  '!',
];
// Prints its own path and its arguments, each ended by a NUL.
const PRINTER = '#!/bin/sh\nprintf "%s\\0" "$0" "$@"\nexit 42\n';

let base: string;
const at = (...parts: string[]): string => path.join(base, ...parts);

function install(file: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, PRINTER);
  chmodSync(file, 0o755);
  return file;
}

function run(
  file: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): { status: number | null; words: string[]; stderr: string } {
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    cwd: base,
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  return { status, words: stdout.split('\0').slice(0, -1), stderr };
}

describe.skipIf(process.platform === 'win32')('a wrapper for sh', () => {
  beforeEach(() => {
    base = mkdtempSync(path.join(tmpdir(), "wrapper's run "));
    return () => rmSync(base, { recursive: true });
  });

  const head = (name: string): string[] => [
    '--container',
    'box',
    '--path',
    `/bin/${name}`,
    '--wdir',
    '/',
    '--',
  ];
  const write = async (program?: string, args: readonly string[] = []): Promise<string> => {
    const [file] = await writeWrappers([{ name: 'tool', path: '/bin/tool', args }], {
      container: 'box',
      directory: at('bin'),
      formats: ['posix'],
      program,
    });
    return file as string;
  };

  test('hands on fixed arguments, the caller’s, and the status, exactly', async () => {
    const file = await write(install(at("li'b", 'serve exec')), NASTY);
    const { status, words, stderr } = run(file, NASTY);
    expect({ status, stderr }).toEqual({ status: 42, stderr: '' });
    expect(words.slice(1)).toEqual([...head('tool'), ...NASTY, ...NASTY]);
  });

  test('prefers the serve-exec beside it, then the one it was written for, then PATH', async () => {
    const own = install(at('lib/serve-exec'));
    const beside = install(at('bin/serve-exec'));
    const inPath = install(at('path/serve-exec'));
    const file = await write(own);
    const env = { PATH: `${at('path')}:/usr/bin:/bin` };
    expect(run(file, [], env).words[0]).toBe(beside);
    rmSync(beside);
    expect(path.resolve(run(file, [], env).words[0] ?? '')).toBe(own);
    rmSync(own);
    expect(run(file, [], env).words[0]).toBe(inPath);
    rmSync(inPath);
    expect(run(file, [], env)).toEqual({
      status: 125,
      words: [],
      stderr: `${file}: serve-exec is neither beside this wrapper nor in PATH. Install it.\n`,
    });
  });

  test('moves together with its program, and works through a link and from PATH', async () => {
    await write(install(at('lib/serve-exec')));
    renameSync(base, `${base}2`);
    base = `${base}2`;
    mkdirSync(at('links'));
    symlinkSync('../bin/tool', at('links/other'));
    for (const found of [
      run(at('bin/tool'), ['x']),
      run('bin/tool', ['x']),
      run(at('links/other'), ['x']),
      run('tool', ['x'], { PATH: `bin:/usr/bin:/bin` }),
      run('/bin/sh', [at('bin/tool'), 'x']),
    ])
      expect({ status: found.status, args: found.words.slice(1) }).toEqual({
        status: 42,
        args: [...head('tool'), 'x'],
      });
  });

  test('a directory called serve-exec is no program', async () => {
    mkdirSync(at('bin/serve-exec'), { recursive: true });
    const own = install(at('lib/serve-exec'));
    expect(path.resolve(run(await write(own)).words[0] ?? '')).toBe(own);
  });
});

describe.skipIf(process.platform === 'win32')('whatever the arguments', () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
  beforeAll(() => {
    base = mkdtempSync(path.join(tmpdir(), 'wrapper-property-'));
    install(at('bin/serve-exec'));
  });
  afterAll(() => rmSync(base, { recursive: true }));

  test('they arrive as they are', async () => {
    const words = fc.array(text, { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(words, words, async (fixed, given) => {
        const [file = ''] = await writeWrappers([{ name: 'tool', path: '/bin/tool', args: fixed }], {
          container: 'box',
          directory: at('bin'),
          formats: ['posix'],
        });
        const { stdout } = spawnSync(file, given);
        expect(stdout.toString().split('\0').slice(8, -1)).toEqual(
          [...fixed, ...given].map((value) => Buffer.from(value).toString()),
        );
      }),
      { numRuns: 40 },
    );
  });
});
