// Transfers of Windows containers, with the scripts for them in Wine's cmd.exe, which sees the staging directory as it is.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { resolveDownload, resolveUpload, type TransferReport } from 'containerv-api';
import {
  containerShell,
  type RunInContainer,
} from '../../../packages/containerv-windows/src/transfer/container-shell.js';
import { download } from '../../../packages/containerv-windows/src/transfer/download.js';
import type { GuestShell } from '../../../packages/containerv-windows/src/transfer/guest-shell.js';
import { upload } from '../../../packages/containerv-windows/src/transfer/upload.js';
import { afterEach, beforeEach, describe, test } from '../support/node-test.js';

// What is C:\ for a container has to be below the drive that this program can write to, under a name of its own.
let folder: string;
let staging: string;
let outside: string;
let inside: string;
let guest: string;
let shell: GuestShell;

const run: RunInContainer = async (command, args, { input, env, signal }) => {
  const child = spawn(command, args, {
    stdio: 'pipe',
    env: { ...process.env, ...env },
    ...(signal ? { signal } : {}),
  });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const [stdout, stderr, exitCode] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  return { stdout, stderr, exitCode };
};

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'containerv-transfer-'));
  [staging, outside, inside] = ['staging', 'outside', 'inside'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [staging, outside, inside]) mkdirSync(directory);
  guest = inside.replace(/^[A-Za-z]:/, '').replaceAll('\\', '/');
  shell = containerShell('windows', staging, run, staging);
});
afterEach(() => {
  assert.deepEqual(readdirSync(staging), []);
  rmSync(folder, { recursive: true });
});

function counts({ files, directories, links, bytes, failed }: TransferReport): number[] {
  return [files, directories, links, bytes, failed];
}

// None with `%`: Wine's cmd.exe replaces variables in the values of variables, which that of Windows does not.
const NAMES = ['a b', 'x^y & z', '(1)', "it's", 'wow!', 'a;b,c=d', 'ünï漢'];

describe('upload', () => {
  test('of a tree with names that cmd.exe would take for something else', async () => {
    mkdirSync(path.join(outside, 'deep', 'er'), { recursive: true });
    for (const name of NAMES) writeFileSync(path.join(outside, 'deep', 'er', name), name);
    const spec = resolveUpload([{ from: outside, to: `${guest}/new/tree` }], { reject: false });
    const report = await upload(shell, staging, spec);
    assert.deepEqual(report.failures, []);
    const bytes = NAMES.reduce((sum, name) => sum + Buffer.byteLength(name), 0);
    assert.deepEqual(counts(report), [NAMES.length, 3, 0, bytes, 0]);
    const there = path.join(inside, 'new', 'tree', 'deep', 'er');
    assert.deepEqual(readdirSync(there).toSorted(), NAMES.toSorted());
    for (const name of NAMES) assert.equal(readFileSync(path.join(there, name), 'utf8'), name);
  });

  test('in the place of what is there, and not of a directory', async () => {
    writeFileSync(path.join(inside, 'old'), 'a longer one');
    mkdirSync(path.join(inside, 'taken'));
    const spec = resolveUpload(
      [
        { from: Buffer.from('new'), to: `${guest}/old` },
        { from: Buffer.from('new'), to: `${guest}/taken` },
        { from: path.join(outside, 'none'), to: `${guest}/none` },
        { from: Buffer.alloc(0), to: `${guest}/empty` },
      ],
      { reject: false },
    );
    const report = await upload(shell, staging, spec);
    assert.deepEqual(counts(report), [2, 0, 0, 3, 2]);
    assert.equal(readFileSync(path.join(inside, 'old'), 'utf8'), 'new');
    assert.deepEqual(readdirSync(path.join(inside, 'taken')), []);
    assert.equal(readFileSync(path.join(inside, 'empty'), 'utf8'), '');
    assert.deepEqual(readdirSync(inside).toSorted(), ['empty', 'old', 'taken']);
  });

  test('refuses names that would be others there', async () => {
    for (const name of ['NUL', 'a:b', 'x?']) {
      const spec = resolveUpload([{ from: Buffer.from('x'), to: `${guest}/${name}` }], { reject: false });
      assert.deepEqual(counts(await upload(shell, staging, spec)), [0, 0, 0, 0, 1]);
    }
    assert.deepEqual(readdirSync(inside), []);
  });
});

describe('download', () => {
  test('of a tree', async () => {
    mkdirSync(path.join(inside, 'tree', 'empty'), { recursive: true });
    for (const name of NAMES) writeFileSync(path.join(inside, 'tree', name), name);
    const target = path.join(outside, 'got');
    const spec = resolveDownload([{ from: `${guest}/tree`, to: target }], { reject: false });
    const report = await download(shell, staging, spec);
    assert.deepEqual(report.failures, []);
    const bytes = NAMES.reduce((sum, name) => sum + Buffer.byteLength(name), 0);
    assert.deepEqual(counts(report), [NAMES.length, 2, 0, bytes, 0]);
    for (const name of NAMES) assert.equal(readFileSync(path.join(target, name), 'utf8'), name);
    assert.ok(existsSync(path.join(target, 'empty')));
  });

  test('of one file, and of what is not there', async () => {
    const content = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
    writeFileSync(path.join(inside, 'one'), content);
    const memory = Buffer.alloc(content.length);
    const spec = resolveDownload(
      [
        { from: `${guest}/one`, to: path.join(outside, 'one') },
        { from: `${guest}/none`, to: path.join(outside, 'none') },
        { from: `${guest}/one`, to: memory },
      ],
      { reject: false },
    );
    const report = await download(shell, staging, spec);
    assert.deepEqual(
      report.failures.map(({ error }) => error.code),
      ['ERR_CONTAINERV_NOT_FOUND'],
    );
    assert.deepEqual(readFileSync(path.join(outside, 'one')), content);
    assert.deepEqual(memory, content);
    assert.deepEqual(readdirSync(outside), ['one']);
  });
});
