import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { json, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { makeRoot } from '../support/root.js';
import { program } from '../support/suite.js';

function rootWithPaths(): string {
  const root = makeRoot();
  for (const directory of ['first', 'second', 'first/tool-directory']) mkdirSync(path.join(root, directory));
  // By the name it is called with, `box` does what the name says.
  linkSync(program('box'), path.join(root, 'first/echo'));
  linkSync(program('box'), path.join(root, 'second/arguments'));
  mkdirSync(path.join(root, 'first/arguments'));
  writeFileSync(path.join(root, 'first/cat'), 'not a program', { mode: 0o644 });
  linkSync(program('box'), path.join(root, 'second/cat'));
  symlinkSync('/bin/echo', path.join(root, 'first/linked'));
  writeFileSync(path.join(root, 'first/script'), '#!/bin/arguments of the first line\n', { mode: 0o755 });
  writeFileSync(path.join(root, 'first/relative-script'), '#!../bin/arguments\n', { mode: 0o755 });
  return root;
}

describe('a command without a slash', () => {
  const rootfs = rootWithPaths();

  test.for<readonly [string, string, string, string]>([
    ['is looked up in PATH, in its order', '/nowhere:/first:/second', 'echo', '/first'],
    ['a directory of that name is passed over', '/first:/second', 'arguments', '/second'],
    ['a file that is not executable is passed over', '/first:/second', 'cat', '/second'],
    ['empty elements mean nothing', '::/first:', 'echo', '/first'],
  ])('%s', async ([, PATH, command, directory]) => {
    await using container = await small({ rootfs, cwd: '/bin' });
    const options = { env: { PATH }, reject: false } as const;
    const { exitCode } = await container.run(command, [], options);
    expect(exitCode).toBe(0);
    // It was that one: with that directory alone it is found, without it not.
    expect((await container.run(command, [], { ...options, env: { PATH: directory } })).exitCode).toBe(0);
    const others = PATH.split(':').filter((element) => element !== directory);
    await failure(container.run(command, [], { env: { PATH: others.join(':') } }), {
      code: 'ERR_CONTAINERV_SPAWN',
      step: 'find command',
    });
  });

  test('without a PATH the usual places are looked at', async () => {
    await using container = await small({ rootfs });
    expect(await json(container, 'arguments', [], { env: { PATH: undefined } })).toEqual(['arguments']);
  });

  test('is never taken from the working directory', async () => {
    await using container = await small({ rootfs, cwd: '/bin' });
    await failure(container.run('echo', [], { env: { PATH: '' } }), {
      code: 'ERR_CONTAINERV_SPAWN',
      errno: 'ENOENT',
    });
  });

  test('is looked for in the container, whatever the host has', async () => {
    await using container = await small();
    await failure(container.run('sh'), {
      code: 'ERR_CONTAINERV_SPAWN',
      step: 'find command',
      errno: 'ENOENT',
      path: 'sh',
      hint: /inside the container in PATH=\/usr\/local\/sbin/,
    });
  });
});

describe('a command with a slash', () => {
  const rootfs = rootWithPaths();

  test('is that path, from the working directory if it is relative', async () => {
    await using container = await small({ rootfs, cwd: '/first' });
    expect((await container.run('./echo', ['one'])).stdout).toBe('one\n');
    expect((await container.run('../bin/echo', ['two'])).stdout).toBe('two\n');
    expect((await container.run('/first/echo', ['three'], { cwd: '/' })).stdout).toBe('three\n');
  });

  test('a link leads within the root', async () => {
    await using container = await small({ rootfs });
    expect(await json(container, '/second/arguments', ['x'])).toEqual(['/second/arguments', 'x']);
    // By its name the program does not know what to do, which it says.
    expect(await container.run('/first/linked', [], { reject: false })).toMatchObject({ exitCode: 120 });
  });

  test('a script runs by its interpreter, as the kernel has it', async () => {
    await using container = await small({ rootfs });
    const wanted = ['/bin/arguments', 'of the first line', '/first/script', 'own argument'];
    expect(await json(container, '/first/script', ['own argument'])).toEqual(wanted);
    expect(await json(container, 'script', [], { env: { PATH: '/first' } })).toEqual(wanted.slice(0, 3));
    expect(await json(container, '/first/relative-script', [], { cwd: '/first' })).toEqual([
      '../bin/arguments',
      '/first/relative-script',
    ]);
  });
});

describe('the working directory', () => {
  test('is / unless said otherwise, the container’s, then the process’s', async () => {
    const rootfs = makeRoot();
    symlinkSync('/home/builder', path.join(rootfs, 'srv/link'));
    await using plain = await small({ rootfs });
    await using homely = await small({ rootfs, cwd: '/home/builder' });
    const cwd = async (container: typeof plain, options = {}): Promise<string> =>
      (await json<{ cwd: string }>(container, 'directory', [], options)).cwd;
    expect(await cwd(plain)).toBe('/');
    expect(await cwd(homely)).toBe('/home/builder');
    expect(await cwd(homely, { cwd: '/tmp' })).toBe('/tmp');
    expect(await cwd(homely, { cwd: '/srv/link' })).toBe('/home/builder');
    expect(await cwd(homely, { cwd: '/home/./builder//' })).toBe('/home/builder');
  });

  test('is entered as the user of the process', async () => {
    const rootfs = makeRoot();
    mkdirSync(path.join(rootfs, 'srv/private'));
    chmodSync(path.join(rootfs, 'srv/private'), 0o000);
    await using container = await small({ rootfs, policy: 'minimal' });
    // `minimal` has no capability that lets root in.
    await failure(container.run('true', [], { cwd: '/srv/private' }), {
      code: 'ERR_CONTAINERV_PERMISSION',
      step: 'enter working directory',
      syscall: 'chdir',
      errno: 'EACCES',
      path: '/srv/private',
    });
    chmodSync(path.join(rootfs, 'srv/private'), 0o755);
  });
});
