import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Cli } from './cli.js';

function oneContainer(): Cli {
  const cli = new Cli();
  cli.put('one', 'running');
  return cli;
}

test('the side with an id is the container’s', async () => {
  const cli = oneContainer();
  expect(await cli.run(['cp', './here', 'one:/there'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(await cli.run(['cp', '-a', 'one:/there/', '/here'])).toMatchObject({ status: 0 });
  expect(cli.calls()).toMatchObject([
    ['join', 'one'],
    ['upload', 'one', { trees: [{ to: '/there', follow: false }], preserveOwner: true }],
    ['join', 'one'],
    ['download', 'one', { trees: [{ from: '/there', to: '/here', follow: true }], preserveOwner: true }],
  ]);
});

test('owners stay behind on the way out unless --archive is given', async () => {
  const cli = oneContainer();
  await cli.run(['cp', '-r', 'one:/there', 'here']);
  expect(cli.details('download')).toMatchObject({ preserveOwner: false, reject: false });
});

test('what failed is listed, with an exit status of its own', async () => {
  const cli = oneContainer();
  const { status, stderr } = await cli.run(['cp', 'a', 'one:/b'], { FAKE_TRANSFER_FAILS: 'a/pipe' });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "containerv: Cannot copy 'a/pipe'\ncontainerv: and 1 more\n",
  });
});

describe('what may be meant in two ways is refused', () => {
  test.for<readonly [string, readonly string[], RegExp]>([
    ['no side in a container', ['a', 'b'], /Neither/],
    ['both sides in a container', ['one:/a', 'two:/b'], /both/],
    ['a relative path in a container', ['one:a', 'b'], /not ID:\/PATH/],
    ['standard input or output', ['-', 'one:/b'], /exec ID -- cat/],
    ['an id that is none', ['on e:/a', 'b'], /id/],
    ['a path missing', ['one:/a'], /SRC DST/],
  ])('%s', async ([, args, said]) => {
    const { status, stderr } = await oneContainer().run(['cp', ...args]);
    expect(stderr).toMatch(said);
    expect(status).toBe(125);
  });

  test('a file of this machine that is called like a path in a container', async () => {
    const cli = oneContainer();
    const file = join(cli.home, 'one:');
    writeFileSync(file, '');
    const child = await cli.run(['cp', file, 'one:/b']);
    expect(child, 'a path with a slash before the colon is one of this machine').toMatchObject({ status: 0 });
    const { status, stderr } = await cli.run(['cp', 'one:', 'one:/b'], {}, cli.home);
    expect({ status, stderr }).toMatchObject({ status: 125, stderr: expect.stringMatching(/\.\/one:/) });
  });
});
