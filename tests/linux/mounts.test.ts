import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { ContainerOptions } from 'containerv-linux';
import { afterEach, describe, expect, test } from 'vitest';
import { attempt, json, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { describeAsRoot } from '../support/privilege.js';
import { probe } from '../support/probe.js';
import { makeRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';

function directory(files: Readonly<Record<string, string>> = {}): string {
  const made = scratchPath('shared');
  mkdirSync(made);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(made, name), text);
  return made;
}

describe('a bind mount', () => {
  test('shows the directory, both ways', async () => {
    const source = directory({ given: 'from outside' });
    await using container = await small({ mounts: [{ source, target: '/work' }] });
    expect(
      await attempt(container, [
        ['read', '/work/given'],
        ['write', '/work/made', 'from inside'],
      ]),
    ).toEqual(['ok', 'ok']);
    expect(readFileSync(path.join(source, 'made'), 'utf8')).toBe('from inside');
    writeFileSync(path.join(source, 'later'), '');
    expect(await attempt(container, [['exists', '/work/later']])).toEqual(['ok']);
  });

  test('read-only is read-only, for root as well', async () => {
    const source = directory({ given: 'x' });
    await using container = await small({ mounts: [{ source, target: '/work', readonly: true }] });
    expect(
      await attempt(container, [
        ['read', '/work/given'],
        ['open-write', '/work/given'],
        ['create', '/work/new'],
        ['mkdir', '/work/new'],
        ['unlink', '/work/given'],
        ['chmod', '/work/given', '777'],
        ['rename', '/work/given', '/work/other'],
      ]),
    ).toEqual(['ok', ...Array<string>(6).fill('EROFS')]);
    expect(readdirSync(source)).toEqual(['given']);
  });

  test('of a single file', async () => {
    const source = path.join(directory({ file: 'one file' }), 'file');
    await using container = await small({
      mounts: [
        { source, target: '/etc/config/file' },
        { source, target: '/etc/readonly', readonly: true },
      ],
    });
    expect(
      await attempt(container, [
        ['write', '/etc/config/file', 'changed'],
        ['open-write', '/etc/readonly'],
      ]),
    ).toEqual(['ok', 'EROFS']);
    expect(readFileSync(source, 'utf8')).toBe('changed');
  });

  test('over another, in the order given, and over what the root has', async () => {
    const [outer, inner] = [directory({ outer: '' }), directory({ inner: '' })];
    mkdirSync(path.join(outer, 'deep'));
    await using container = await small({
      mounts: [
        { source: outer, target: '/home' },
        { source: inner, target: '/home/deep' },
        { source: inner, target: '/etc/nested/path', readonly: true },
      ],
    });
    const listed = async (where: string): Promise<string[]> =>
      (await json<{ entries: string[] }>(container, 'directory', [where])).entries.sort();
    expect(await listed('/home')).toEqual(['deep', 'outer']);
    expect(await listed('/home/deep')).toEqual(['inner']);
    expect(await listed('/etc/nested/path')).toEqual(['inner']);
  });

  test('never brings devices or privileges along', async () => {
    const source = directory();
    await using container = await small({
      mounts: [
        { source, target: '/work' },
        { type: 'tmpfs', target: '/memory' },
      ],
    });
    const seen = await probe(container);
    for (const point of ['/work', '/memory']) {
      expect(seen.mountAt(point)?.options).toEqual(expect.arrayContaining(['nosuid', 'nodev']));
      expect(seen.mountAt(point)?.propagation).toEqual([]);
    }
  });

  test('of a relative path starts at this process’s working directory; a link is followed on the host', async () => {
    const source = directory({ here: '' });
    const link = scratchPath('link');
    symlinkSync(source, link);
    const relative = path.relative(process.cwd(), source);
    await using container = await small({
      mounts: [
        { source: relative, target: '/a' },
        { source: link, target: '/b' },
      ],
    });
    expect(
      await attempt(container, [
        ['exists', '/a/here'],
        ['exists', '/b/here'],
      ]),
    ).toEqual(['ok', 'ok']);
  });

  test('a target is made unless `create` is false', async () => {
    const source = directory();
    await failure(small({ mounts: [{ source, target: '/missing/target', create: false }] }), {
      code: 'ERR_CONTAINERV_LAYER',
      step: 'open mount target',
      errno: 'ENOENT',
      path: '/missing/target',
      hint: /Create it in the root/,
    });
    await using container = await small({ mounts: [{ source, target: '/srv', create: false }] });
    expect(container.state).toBe('running');
  });

  test('making a target leaves the root directory itself as it was', async () => {
    const rootfs = makeRoot();
    const before = readdirSync(rootfs);
    await using container = await small({
      rootfs,
      mounts: [{ source: directory(), target: '/made/for/this' }],
    });
    expect(await attempt(container, [['exists', '/made/for/this']])).toEqual(['ok']);
    expect(readdirSync(rootfs)).toEqual(before);
  });
});

describe('a tmpfs', () => {
  test('holds as much as was said', async () => {
    await using container = await small({ mounts: [{ type: 'tmpfs', target: '/memory', size: '1M' }] });
    expect(await attempt(container, [['write', '/memory/a', 'x'.repeat(100_000)]])).toEqual(['ok']);
    const operations = Array.from(
      { length: 12 },
      (_, index) => ['write', `/memory/${index}`, 'x'.repeat(100_000)] as const,
    );
    expect(await attempt(container, operations)).toContain('ENOSPC');
    const seen = await probe(container);
    expect(seen.mountAt('/memory')).toMatchObject({
      type: 'tmpfs',
      superOptions: expect.arrayContaining(['size=1024k']) as string[],
    });
  });

  test('can be read-only', async () => {
    await using container = await small({ mounts: [{ type: 'tmpfs', target: '/memory', readonly: true }] });
    expect(await attempt(container, [['create', '/memory/a']])).toEqual(['EROFS']);
  });
});

describe('a read-only root', () => {
  test.for<readonly [string, readonly string[], ContainerOptions]>([
    ['/tmp', ['tmp'], {}],
    ['/srv', ['srv'], { mounts: [{ type: 'tmpfs', target: '/srv' }] }],
    ['/srv/deep', ['srv'], { mounts: [{ source: '/', target: '/srv/deep' }] }],
  ])('without %s is left as it is', async ([where, without, options]) => {
    const rootfs = makeRoot('bare', without);
    const before = readdirSync(rootfs);
    const outcome = await small({ rootfs, writable: false, ...options }).then(
      async (container) => container.destroy(),
      (error: unknown) => error,
    );
    expect(readdirSync(rootfs)).toEqual(before);
    // It works without, or says what is missing.
    if (outcome !== undefined) expect(outcome).toMatchObject({ code: 'ERR_CONTAINERV_LAYER', path: where });
  });

  test('takes mounts onto what is there, which can be written to', async () => {
    const source = directory();
    await using container = await small({
      writable: false,
      mounts: [
        { source, target: '/srv' },
        { source, target: '/home', readonly: true },
      ],
    });
    expect(
      await attempt(container, [
        ['create', '/srv/new'],
        ['create', '/home/other'],
        ['create', '/etc/new'],
        ['create', '/tmp/new'],
      ]),
    ).toEqual(['ok', 'EROFS', 'EROFS', 'ok']);
  });
});

describe('layers', () => {
  const layer = (files: Readonly<Record<string, string>>): string => {
    const made = scratchPath('layer');
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(made, name)), { recursive: true });
      writeFileSync(path.join(made, name), text);
    }
    return made;
  };

  test('the last one is on top', async () => {
    const layers = [
      makeRoot(),
      layer({ 'srv/which': 'lower', 'srv/lower': '' }),
      layer({ 'srv/which': 'upper' }),
    ].map((source) => ({ type: 'directory', source }) as const);
    for (const writable of ['overlay', 'tmpfs', false] as const) {
      await using container = await small({ layers, writable });
      const { stdout } = await container.run('cat', [], { input: 'x' });
      expect(stdout).toBe('x');
      const { entries } = await json<{ entries: string[] }>(container, 'directory', ['/srv']);
      expect(entries.sort()).toEqual(['lower', 'which']);
      expect(await attempt(container, [['exists', '/srv/lower']])).toEqual(['ok']);
    }
  });

  test('host directories in them are read-only unless said otherwise', async () => {
    const [fixed, open] = [directory({ a: '' }), directory({ b: '' })];
    const layers = [
      { type: 'directory', source: makeRoot() },
      { type: 'host-directory', source: fixed, target: '/fixed' },
      { type: 'host-directory', source: open, target: '/open', readonly: false },
    ] as const;
    await using container = await small({ layers });
    expect(
      await attempt(container, [
        ['create', '/fixed/new'],
        ['create', '/open/new'],
      ]),
    ).toEqual(['EROFS', 'ok']);
    expect(existsSync(path.join(open, 'new'))).toBe(true);
  });

  test.for([3, 40])('%d of them, with long names', async (count) => {
    const long = Array.from({ length: count }, (_, index) => layer({ [`srv/${index}`]: '' }));
    const renamed = long.map((source) => {
      const target = `${source}-${'long'.repeat(30)}`;
      renameSync(source, target);
      return target;
    });
    const layers = [makeRoot(), ...renamed].map((source) => ({ type: 'directory', source }) as const);
    for (const writable of ['overlay', 'tmpfs', false] as const) {
      await using container = await small({ layers, writable });
      const { entries } = await json<{ entries: string[] }>(container, 'directory', ['/srv']);
      expect(entries).toHaveLength(count);
    }
  });

  test('names with the characters that overlayfs takes for its own', async () => {
    const odd = scratchPath(String.raw`a:b\c,d e=f`);
    mkdirSync(path.join(odd, 'srv'), { recursive: true });
    writeFileSync(path.join(odd, 'srv/odd'), '');
    const layers = [makeRoot(), odd].map((source) => ({ type: 'directory', source }) as const);
    await using container = await small({ layers });
    expect(await attempt(container, [['exists', '/srv/odd']])).toEqual(['ok']);
  });
});

describeAsRoot('what is mounted below a bind', () => {
  const mounted: string[] = [];
  const mountTmpfs = (where: string, file: string): void => {
    mkdirSync(where, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'containerv-test', where]);
    mounted.push(where);
    writeFileSync(path.join(where, file), '');
  };
  afterEach(() => {
    for (const where of mounted.splice(0).toReversed()) execFileSync('umount', ['-l', where]);
  });

  test('comes along, and is read-only as well', async () => {
    const source = directory({ top: '' });
    mountTmpfs(path.join(source, 'sub mount'), 'below');
    mountTmpfs(path.join(source, 'sub mount/deeper'), 'deepest');
    await using container = await small({ mounts: [{ source, target: '/work', readonly: true }] });
    expect(
      await attempt(container, [
        ['exists', '/work/sub mount/deeper/deepest'],
        ['create', '/work/new'],
        ['create', '/work/sub mount/new'],
        ['create', '/work/sub mount/deeper/new'],
        ['unlink', '/work/sub mount/below'],
      ]),
    ).toEqual(['ok', 'EROFS', 'EROFS', 'EROFS', 'EROFS']);
    // On the host they can be written to as before.
    writeFileSync(path.join(source, 'sub mount/deeper/outside'), '');
  });

  test('stays outside with `recursive: false`', async () => {
    const source = directory();
    mountTmpfs(path.join(source, 'sub'), 'below');
    await using container = await small({
      mounts: [{ source, target: '/work', recursive: false }],
      namespaces: { user: false },
    });
    expect(
      await attempt(container, [
        ['exists', '/work/sub'],
        ['exists', '/work/sub/below'],
      ]),
    ).toEqual(['ok', 'ENOENT']);
  });

  test('what the host mounts later does not come in, and nothing goes out', async () => {
    const source = directory();
    mountTmpfs(source, 'shared');
    execFileSync('mount', ['--make-shared', source]);
    await using container = await small({ mounts: [{ source, target: '/work' }] });
    mountTmpfs(path.join(source, 'late'), 'secret');
    expect(await attempt(container, [['exists', '/work/late/secret']])).toEqual(['ENOENT']);
    expect((await probe(container)).mountAt('/work')?.propagation).toEqual([]);
  });
});
