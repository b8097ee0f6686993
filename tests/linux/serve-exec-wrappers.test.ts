import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Container } from 'containerv-linux';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { small } from '../support/container.js';
import { scratchPath } from '../support/scratch.js';
import { implementations, serveExec } from '../support/serve-exec.js';

let container: Container;
beforeAll(async () => {
  container = await small();
});
afterAll(async () => {
  await container.destroy();
});

const ARGUMENTS = ['', 'a b', "it's", '"', '$HOME', '*', '--path', '--', 'ü', '-x'];

describe.each(implementations)('wrappers that run serve-exec ($name)', (implementation) => {
  const generator = implementations[0] as (typeof implementations)[number];
  const wrappers = (...args: string[]) => serveExec(generator, ['wrappers', ...args]);
  const program = implementation.command.at(-1) as string;

  test('are written by the command line, run commands of the container, are listed and removed', () => {
    const bin = scratchPath("bin it's");
    const written = wrappers(
      `--container=${container.id}`,
      `--out=${bin}`,
      '--wdir=/tmp',
      `--program=${program}`,
      "show=/bin/arguments:-f 'a b' $X",
      'leave=exit',
      'where=/bin/directory',
    );
    const files = ['show', 'leave', 'where'].map((name) => path.join(bin, name));
    expect(written).toEqual({
      status: 0,
      signal: null,
      stderr: '',
      stdout: files.map((file) => `${file}\n`).join(''),
    });
    const [show = '', leave = '', where = ''] = files;
    const run = (file: string, ...args: string[]) => spawnSync(file, args, { encoding: 'utf8' });
    expect(JSON.parse(run(show, ...ARGUMENTS).stdout)).toEqual([
      '/bin/arguments',
      '-f',
      'a b',
      '$X',
      ...ARGUMENTS,
    ]);
    expect(run(leave, '42')).toMatchObject({ status: 42, stderr: '' });
    expect(JSON.parse(run(where).stdout)).toMatchObject({ cwd: '/tmp' });
    const link = path.join(scratchPath('links'), 'linked');
    mkdirSync(path.dirname(link));
    symlinkSync(show, link);
    expect(JSON.parse(run(link, 'x').stdout)).toEqual(['/bin/arguments', '-f', 'a b', '$X', 'x']);
    expect(wrappers('--list', '--out', bin).stdout.split('\n').filter(Boolean)).toEqual([...files].sort());
    expect(wrappers('--remove', '--out', bin, 'leave').stdout).toBe(`${leave}\n`);
    expect(wrappers('--remove', '--out', bin).stdout).toBe(`${show}\n${where}\n`);
    expect(wrappers('--list', '--out', bin)).toMatchObject({ status: 0, stdout: '' });
  });
});

test.for<readonly [readonly string[], RegExp]>([
  [[], /--out is missing/],
  [['--out', 'x'], /--container is missing/],
  [['--out', 'x', '--container', 'box'], /NAME=PATH/],
  [['--out', 'x', '--container', 'box', 'name'], /'name' is not NAME=PATH/],
  [['--out', 'x', '--container', 'box', 'a/b=c'], /'a\/b' holds a separator/],
  [['--out', 'x', '--container', 'box', 'nul=c'], /'nul' is reserved/],
  [['--out', 'x', '--container', '..', 'a=c'], /`container`/],
  [['--out', 'x', '--container', 'box', '--target', 'mac', 'a=c'], /--target mac/],
  [['--out', 'x', '--container', 'box', '--outt', 'a=c'], /--outt.*Did you mean --out\?/],
  [['--out', 'x', '--list', '--remove'], /exclude/],
])('serve-exec wrappers %j is refused on one line', ([args, message]) => {
  const [generator] = implementations;
  const ended = serveExec(generator as (typeof implementations)[number], ['wrappers', ...args]);
  expect(ended).toMatchObject({ status: 125, stdout: '' });
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).toMatch(/^serve-exec: [^\n]*\n$/);
});
