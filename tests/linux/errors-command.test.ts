import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Container, Policy, type RunOptions } from 'containerv-linux';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processes, small } from '../support/container.js';
import { type ExpectedFailure, failure } from '../support/failure.js';
import { makeRoot } from '../support/root.js';

const MACHINE = { x64: 183, arm64: 62 }[process.arch as 'x64'] ?? 183;

/** The head of a program for a machine that this is not (elf(5)). */
function foreignProgram(): Buffer {
  const header = Buffer.alloc(4096);
  header.write('\u007fELF\u0002\u0001\u0001', 'latin1');
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(MACHINE, 18);
  header.writeUInt32LE(1, 20);
  return header;
}

const rootfs = makeRoot();
const file = (name: string, content: string | Buffer, mode = 0o755): void =>
  writeFileSync(path.join(rootfs, 'srv', name), content, { mode });
file('plain', 'echo hello\n', 0o644);
file('script-without-first-line', 'echo hello\n');
file('empty', '');
file('no-interpreter', '#!/usr/bin/no-such-interpreter -x\n');
file('foreign', foreignProgram());
file('truncated', foreignProgram().subarray(0, 20));
mkdirSync(path.join(rootfs, 'srv/directory'));
symlinkSync('loop', path.join(rootfs, 'srv/loop'));
symlinkSync('nowhere', path.join(rootfs, 'srv/dangling'));
mkdirSync(path.join(rootfs, 'srv/closed'));
writeFileSync(path.join(rootfs, 'srv/closed/program'), '#!/bin/true\n', { mode: 0o755 });

const SPAWN = 'ERR_CONTAINERV_SPAWN';
const COMMANDS: readonly (readonly [string, string, ExpectedFailure])[] = [
  [
    'that is in no directory of PATH',
    'no-such-command',
    { code: SPAWN, step: 'find command', errno: 'ENOENT', path: 'no-such-command', hint: /PATH=\/usr/ },
  ],
  [
    'that does not exist',
    '/srv/missing',
    {
      code: SPAWN,
      step: 'execute command',
      syscall: 'execve',
      errno: 'ENOENT',
      path: '/srv/missing',
      hint: /inside the container/,
    },
  ],
  [
    'below a file',
    '/srv/plain/x',
    { code: SPAWN, step: 'execute command', errno: 'ENOTDIR', path: '/srv/plain/x', hint: /./ },
  ],
  [
    'that is not executable',
    '/srv/plain',
    {
      code: SPAWN,
      step: 'execute command',
      errno: 'EACCES',
      path: '/srv/plain',
      message: /Not executable/,
      hint: /mode/,
    },
  ],
  [
    'that is a directory',
    '/srv/directory',
    {
      code: SPAWN,
      step: 'execute command',
      errno: 'EACCES',
      path: '/srv/directory',
      message: /Not a program but a directory/,
    },
  ],
  [
    'that is a link to itself',
    '/srv/loop',
    { code: SPAWN, step: 'execute command', errno: 'ELOOP', path: '/srv/loop', hint: /./ },
  ],
  [
    'that is a link to nothing',
    '/srv/dangling',
    { code: SPAWN, step: 'execute command', errno: 'ENOENT', path: '/srv/dangling', hint: /./ },
  ],
  [
    'for another architecture',
    '/srv/foreign',
    {
      code: SPAWN,
      step: 'execute command',
      errno: 'ENOEXEC',
      path: '/srv/foreign',
      message: /Wrong architecture/,
      hint: new RegExp(`this is ${process.arch}`),
    },
  ],
  [
    'that is cut off',
    '/srv/truncated',
    { code: SPAWN, step: 'execute command', errno: 'ENOEXEC', path: '/srv/truncated', hint: /./ },
  ],
  [
    'that is an empty file',
    '/srv/empty',
    {
      code: SPAWN,
      step: 'execute command',
      errno: 'ENOEXEC',
      path: '/srv/empty',
      message: /Not a program/,
      hint: /./,
    },
  ],
  [
    'that is a script without a first line',
    '/srv/script-without-first-line',
    { code: SPAWN, step: 'execute command', errno: 'ENOEXEC', message: /Not a program/, hint: /#!\/bin\/sh/ },
  ],
  [
    'that is a script whose interpreter is missing',
    '/srv/no-interpreter',
    {
      code: SPAWN,
      step: 'execute command',
      errno: 'ENOENT',
      path: '/srv/no-interpreter',
      message: /interpreter '\/usr\/bin\/no-such-interpreter'/,
      hint: /Install the interpreter/,
    },
  ],
];

let container: Container;
beforeAll(async () => {
  container = await small({ rootfs });
});
afterAll(async () => container.destroy());

/** Only init and the one who looks. */
async function expectNothingRuns(): Promise<void> {
  expect((await processes(container)).map(({ name }) => name).sort()).toEqual([
    'containerv-init',
    'processes',
  ]);
}

describe('a command', () => {
  test.for(COMMANDS)('%s', async ([, command, expected]) => {
    await failure(container.run(command), expected);
    await failure(container.spawn(command, ['argument'], { stdio: 'ignore' }), expected);
    await failure(container.run(command, [], { tty: true }), expected);
    await expectNothingRuns();
  });

  test('that its user may not reach', async () => {
    chmodSync(path.join(rootfs, 'srv/closed'), 0o700);
    await failure(
      container.run('/srv/closed/program', [], {
        policy: 'minimal',
        user: process.getuid?.() === 0 ? 1000 : 0,
      }),
      {
        code: SPAWN,
        errno: 'EACCES',
        hint: /directories above/,
      },
    ).catch((error: unknown) => {
      // Without root there is no other user, and the only one may.
      if (process.getuid?.() === 0) throw error;
    });
  });

  // The filter is in force when execve fails: what explains it must have been found before.
  test('that is a directory, under a policy that allows next to nothing or kills', async () => {
    const kills = {
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      syscalls: [{ names: ['execve', 'exit_group'], action: 'SCMP_ACT_ALLOW' }],
    };
    for (const policy of ['custom', Policy.fromOciSeccomp(kills)] as const) {
      await failure(container.run('/srv/directory', [], { policy }), {
        code: SPAWN,
        step: 'execute command',
        errno: 'EACCES',
        message: /Not a program but a directory/,
      });
    }
  });

  test('that is dynamically linked, in a root without the loader', async () => {
    await using bare = await small({
      mounts: [{ source: process.execPath, target: '/srv/node', readonly: true }],
    });
    await failure(bare.run('/srv/node'), {
      code: SPAWN,
      step: 'execute command',
      errno: 'ENOENT',
      path: '/srv/node',
      message: /loader does not exist/,
      hint: /lacks its loader or C library/,
    });
  });
});

describe('where and how', () => {
  test.for<readonly [string, RunOptions, ExpectedFailure]>([
    [
      'a working directory that does not exist',
      { cwd: '/srv/nowhere' },
      {
        code: 'ERR_CONTAINERV_NOT_FOUND',
        step: 'enter working directory',
        syscall: 'chdir',
        errno: 'ENOENT',
        path: '/srv/nowhere',
        hint: /Create it/,
      },
    ],
    [
      'a working directory that is a file',
      { cwd: '/srv/plain' },
      {
        code: 'ERR_CONTAINERV_NOT_FOUND',
        step: 'enter working directory',
        errno: 'ENOTDIR',
        path: '/srv/plain',
      },
    ],
    [
      'a relative working directory',
      { cwd: 'srv' },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /`cwd`.*absolute/ },
    ],
    [
      'a user that does not exist',
      { user: 'nobody-here' },
      {
        code: 'ERR_CONTAINERV_NOT_FOUND',
        step: 'become user',
        message: /No user 'nobody-here'/,
        hint: /\/etc\/passwd/,
      },
    ],
    [
      'an unknown option',
      { cwdd: '/' } as RunOptions,
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /`cwdd`.*Did you mean `cwd`/ },
    ],
    [
      'a timeout that is none',
      { timeout: '5 minutes ago' },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /`timeout`.*5 minutes ago/ },
    ],
    [
      'an unknown signal',
      { killSignal: 'SIGTREM' as 'SIGTERM' },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /SIGTREM/, hint: /SIGTERM/ },
    ],
    [
      'a variable with = in its name',
      { env: { 'A=B': 'c' } },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /env/ },
    ],
    [
      'a variable with NUL in it',
      { env: { A: 'b\0c' } },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /env/ },
    ],
    [
      'a resource limit that does not exist',
      { rlimits: { files: 1 } },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /files/ },
    ],
    [
      'input without a pipe to write it to',
      { input: 'x', stdio: 'ignore' },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /input/ },
    ],
    [
      'a size that no terminal has',
      { tty: { columns: 0, rows: 1 } },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /columns/ },
    ],
    [
      'no signal of an AbortController',
      { signal: {} as AbortSignal },
      { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /signal/ },
    ],
  ])('%s', async ([, options, expected]) => {
    await failure(container.run('true', [], options), expected);
    await expectNothingRuns();
  });

  test.for<readonly [string, string, readonly string[], RegExp]>([
    ['no command', '', [], /`command`/],
    ['a command with NUL in it', 'a\0b', [], /`command`/],
    ['an argument with NUL in it', 'true', ['a', 'b\0c'], /`args\[1\]`/],
    ['arguments that are no array', 'true', 'abc' as never, /`args`/],
    ['an argument that is no string', 'true', [1] as never, /`args\[0\]`/],
  ])('%s', async ([, command, args, message]) => {
    await failure(container.run(command, args), { code: 'ERR_CONTAINERV_INVALID_OPTION', message });
    await failure(container.spawn(command, args), { code: 'ERR_CONTAINERV_INVALID_OPTION', message });
  });

  test('more arguments than the kernel takes', async () => {
    const args = Array.from({ length: 300 }, () => 'x'.repeat(10_000));
    await failure(container.run('true', args), {
      code: SPAWN,
      step: 'execute command',
      syscall: 'execve',
      errno: 'E2BIG',
    });
    await failure(container.run('true', ['x'.repeat(200_000)]), { code: SPAWN, errno: 'E2BIG' });
    await expectNothingRuns();
    expect((await container.run('echo', ['still', 'here'])).stdout).toBe('still here\n');
  });

  test('more than init takes in one message', async () => {
    const args = Array.from({ length: 1000 }, () => 'x'.repeat(10_000));
    await failure(container.run('true', args), { code: /^ERR_CONTAINERV_/, hint: /./ });
    expect((await container.run('echo', ['still', 'here'])).stdout).toBe('still here\n');
  });
});
