import { spawn } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type Download,
  resolveDownload,
  resolveUpload,
  type TransferOptions,
  type Upload,
} from 'containerv-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { containerShell, type RunInContainerOptions } from '../src/transfer/container-shell.js';
import { download } from '../src/transfer/download.js';
import type { GuestShell, ShellOutput } from '../src/transfer/guest-shell.js';
import { upload } from '../src/transfer/upload.js';

// The scripts for Linux containers, in this machine's own shell.
const here = process.platform === 'win32' ? describe.skip : describe;
let folder = '';
let staging = '';
let outside = '';
let inside = '';
let shell: GuestShell;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'containerv-transfer-'));
  [staging, outside, inside] = ['staging', 'outside', 'inside'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [staging, outside, inside]) await mkdir(directory);
  shell = containerShell('linux', staging, runHere, staging);
});
afterEach(async () => {
  expect(await readdir(staging)).toEqual([]);
  await rm(folder, { recursive: true });
});

async function runHere(
  command: string,
  args: readonly string[],
  { input, env, signal }: RunInContainerOptions,
): Promise<ShellOutput> {
  const child = spawn(command, args, {
    stdio: 'pipe',
    env: { ...process.env, ...env },
    ...(signal === undefined ? {} : { signal }),
  });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const [stdout, stderr, exitCode] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  return { stdout, stderr, exitCode };
}

const put = async (files: readonly Upload[], options: TransferOptions = {}) =>
  upload(shell, staging, resolveUpload(files, options));
const take = async (files: readonly Download[], options: TransferOptions = {}) =>
  download(shell, staging, resolveDownload(files, options));

const NAMES = [
  "it's",
  'a b',
  '$HOME',
  '`id`',
  '-rf',
  'line\nbreak',
  'ünï漢',
  '*',
  '.hidden',
  '..double',
  '"',
];

here('upload into a Linux container', () => {
  test('of a tree with names that a shell would take for something else', async () => {
    await mkdir(path.join(outside, 'deep/er'), { recursive: true });
    for (const name of NAMES) await writeFile(path.join(outside, 'deep/er', name), name);
    await writeFile(path.join(outside, 'script'), '#!/bin/sh\n');
    await symlink('deep/er', path.join(outside, 'link'));
    const { failures, failed, durationMs, ...counts } = await put([
      { from: outside, to: `${inside}/new/tree` },
    ]);
    expect({ failures, failed }).toEqual({ failures: [], failed: 0 });
    expect(durationMs).toBeGreaterThan(0);
    const bytes = NAMES.reduce((sum, name) => sum + Buffer.byteLength(name), 10);
    expect(counts).toEqual({ files: NAMES.length + 1, directories: 3, links: 1, bytes });
    for (const name of NAMES)
      expect(await readFile(path.join(inside, 'new/tree/deep/er', name), 'utf8')).toBe(name);
    expect((await readdir(path.join(inside, 'new/tree/deep/er'))).length).toBe(NAMES.length);
    expect((await stat(path.join(inside, 'new/tree/script'))).mode & 0o777).toBe(0o755);
    expect((await stat(path.join(inside, "new/tree/deep/er/it's"))).mode & 0o777).toBe(0o644);
    expect(await readlink(path.join(inside, 'new/tree/link'))).toBe('deep/er');
  });

  test('of memory and streams, in the place of what is there', async () => {
    await writeFile(path.join(inside, 'a'), 'old');
    await writeFile(path.join(inside, 'b'), 'other');
    await symlink('b', path.join(inside, 'c'));
    const large = Buffer.alloc(300_000, 7);
    const report = await put([
      { from: Buffer.from('new'), to: `${inside}/a` },
      { from: Readable.from([large]), to: `${inside}/c` },
    ]);
    expect(report).toMatchObject({ files: 2, bytes: 300_003, failed: 0 });
    expect(await readFile(path.join(inside, 'a'), 'utf8')).toBe('new');
    expect(await readFile(path.join(inside, 'b'), 'utf8')).toBe('other');
    expect(await readFile(path.join(inside, 'c'))).toEqual(large);
  });

  test('what fails is told by its name, and all else is copied', async () => {
    await mkdir(path.join(inside, 'taken'));
    await writeFile(path.join(inside, 'file'), '');
    await writeFile(path.join(outside, 'x'), 'x');
    const files = [
      { from: path.join(outside, 'x'), to: `${inside}/taken` },
      { from: path.join(outside, 'none'), to: `${inside}/none` },
      { from: path.join(outside, 'x'), to: `${inside}/file/x` },
      { from: path.join(outside, 'x'), to: `${inside}/good` },
    ];
    const report = await put(files, { reject: false });
    expect(report).toMatchObject({ files: 1, failed: 3 });
    expect(report.failures.map(({ to }) => to?.slice(inside.length))).toEqual(['/none', '/taken', '/file/x']);
    expect(report.failures.find(({ to }) => to?.endsWith('/none'))?.error.code).toBe(
      'ERR_CONTAINERV_NOT_FOUND',
    );
    expect(await readdir(inside)).toEqual(['file', 'good', 'taken']);
    await expect(put(files)).rejects.toMatchObject({ name: 'TransferError', report: { failed: 3 } });
  });

  test('a shell that ends too early fails what it has not done', async () => {
    const early: GuestShell = {
      ...shell,
      run: async () => ({ stdout: Buffer.alloc(0), stderr: Buffer.from('gone'), exitCode: 137 }),
    };
    await writeFile(path.join(outside, 'x'), 'x');
    const spec = resolveUpload([{ from: path.join(outside, 'x'), to: `${inside}/x` }], {});
    await expect(upload(early, staging, spec)).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_SYSTEM',
      report: { files: 0, failed: 1 },
    });
  });

  test('ends when it is aborted', async () => {
    const controller = new AbortController();
    const endless = new Readable({ read: () => controller.abort() });
    await expect(
      put([{ from: endless, to: `${inside}/x` }], { signal: controller.signal }),
    ).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_ABORTED',
    });
    expect(await readdir(inside)).toEqual([]);
  });
});

here('download from a Linux container', () => {
  test('of a tree, with what Windows cannot have told by its name', async () => {
    await mkdir(path.join(inside, 'tree/empty'), { recursive: true });
    const names = [...NAMES, '\\', '../x'.replace('/', '\\')];
    for (const name of names) await writeFile(path.join(inside, 'tree', name), name);
    await symlink('/etc/passwd', path.join(inside, 'tree/link'));
    const report = await take([{ from: `${inside}/tree`, to: `${outside}/got` }], { reject: false });
    const impossible = ['line\nbreak', '*', '"', '\\', '..\\x'];
    expect(new Set(report.failures.map(({ from }) => from?.slice(`${inside}/tree/`.length)))).toEqual(
      new Set(impossible),
    );
    const possible = NAMES.filter((name) => !impossible.includes(name));
    expect(report).toMatchObject({
      files: possible.length,
      directories: 2,
      links: 1,
      failed: impossible.length,
    });
    for (const name of possible) expect(await readFile(path.join(outside, 'got', name), 'utf8')).toBe(name);
    expect(await readlink(path.join(outside, 'got/link'))).toBe('/etc/passwd');
  });

  test('into memory and streams', async () => {
    await writeFile(path.join(inside, 'x'), 'content');
    const memory = Buffer.alloc(10, 1);
    const stream = new PassThrough();
    const text = buffer(stream);
    await take([
      { from: `${inside}/x`, to: memory },
      { from: `${inside}/x`, to: stream },
    ]);
    expect(memory.toString('latin1')).toBe('content\u0001\u0001\u0001');
    expect((await text).toString()).toBe('content');
    await expect(take([{ from: `${inside}/x`, to: Buffer.alloc(3) }])).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_INVALID_OPTION',
    });
  });

  test('of what is not there, and of what is no file', async () => {
    const report = await take(
      [
        { from: `${inside}/none`, to: `${outside}/none` },
        { from: '/dev/null', to: `${outside}/null` },
      ],
      { reject: false },
    );
    expect(report.failures.map(({ error }) => error.code)).toEqual([
      'ERR_CONTAINERV_NOT_FOUND',
      'ERR_CONTAINERV_SYSTEM',
    ]);
    expect(await readdir(outside)).toEqual([]);
  });

  test('nothing is written through a link that is in the way', async () => {
    await mkdir(path.join(inside, 'tree/sub'), { recursive: true });
    await writeFile(path.join(inside, 'tree/sub/x'), 'x');
    await mkdir(path.join(outside, 'elsewhere'));
    await mkdir(path.join(outside, 'got'));
    await symlink('../elsewhere', path.join(outside, 'got/sub'));
    const report = await take([{ from: `${inside}/tree`, to: `${outside}/got` }], { reject: false });
    expect(report.failed).toBe(2);
    expect(await readdir(path.join(outside, 'elsewhere'))).toEqual([]);
  });
});

/** A container whose processes do what they like with the staging directory, and say what they like. */
describe('a hostile container', () => {
  const hostile = (entries: string[], taken: (staged: string) => Promise<void>): GuestShell => ({
    os: 'linux',
    stagingPath: staging,
    run: async ({ text: script }) => {
      const output = (text: string) => ({ stdout: Buffer.from(text), stderr: Buffer.alloc(0), exitCode: 0 });
      if (script.includes('\nlist ')) return output(entries.map((entry) => `file\0/${entry}\0\0`).join(''));
      const steps = [...script.matchAll(/^do_it (\d+) take '.*' '(.*)' /gm)];
      for (const [, , staged] of steps) await taken(staged as string);
      return output(steps.map(([, index]) => `${index}\0ok\0\0`).join(''));
    },
  });

  here('that', () => {
    test.each([
      '../escaped',
      'a/../../escaped',
      '/etc/x',
      'a\\..\\..\\escaped',
      'C:\\escaped',
      'a:stream',
      'NUL',
      'x.',
    ])('names %j writes nothing there', async (name) => {
      const spec = resolveDownload([{ from: '/x', to: `${outside}/got` }], { reject: false });
      const report = await download(
        hostile([name], async (file) => writeFile(file, 'x')),
        staging,
        spec,
      );
      expect(report).toMatchObject({ files: 0, failed: 1 });
      expect(await readdir(outside)).toEqual([]);
    });

    test('puts a link in the place of what it hands out hands out nothing', async () => {
      const secret = path.join(folder, 'secret');
      await writeFile(secret, 'secret');
      const spec = resolveDownload([{ from: '/x', to: `${outside}/got` }], { reject: false });
      const report = await download(
        hostile([''], async (file) => symlink(secret, file)),
        staging,
        spec,
      );
      expect(report.failures.map(({ error }) => error.code)).toEqual(['ERR_CONTAINERV_PROTOCOL']);
      expect(await readdir(outside)).toEqual([]);
      expect(await readFile(secret, 'utf8')).toBe('secret');
    });
  });
});

test('a file that root cannot make readable is told', async (context) => {
  if (process.platform === 'win32' || process.geteuid?.() === 0) context.skip('needs an ordinary user');
  await mkdir(path.join(inside, 'closed'));
  await chmod(path.join(inside, 'closed'), 0);
  const report = await take([{ from: inside, to: `${outside}/got` }], { reject: false });
  expect(report.failures.map(({ error }) => error.code)).toEqual(['ERR_CONTAINERV_PERMISSION']);
  await chmod(path.join(inside, 'closed'), 0o755);
});
