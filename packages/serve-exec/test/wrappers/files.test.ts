import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listWrappers, removeWrappers } from '../../src/wrappers/installed-wrappers.js';
import type { WrapperOptions, WrapperSpec } from '../../src/wrappers/wrapper-options.js';
import { writeWrappers } from '../../src/wrappers/write-wrappers.js';

let base: string;
let bin: string;
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'wrappers-'));
  bin = path.join(base, 'deep/bin');
});
afterEach(() => rmSync(base, { recursive: true }));

const specs: readonly WrapperSpec[] = [
  { name: 'make', path: '/usr/bin/make', args: ['-k'] },
  { name: 'cc', path: 'cc' },
];
const write = async (wrappers = specs, options: Partial<WrapperOptions> = {}): Promise<readonly string[]> =>
  writeWrappers(wrappers, { container: 'box', directory: bin, ...options });
const names = (): string[] => readdirSync(bin).sort();

test('writes executable files, without setuid or setgid, and nothing besides', async () => {
  expect(await write()).toEqual([path.join(bin, 'make'), path.join(bin, 'cc')]);
  expect(names()).toEqual(['cc', 'make']);
  for (const name of names()) expect(statSync(path.join(bin, name)).mode & 0o7777).toBe(0o755);
});

test('every format beside each other', async () => {
  await write(specs, { formats: ['posix', 'cmd', 'powershell'] });
  expect(names()).toEqual(['cc', 'cc.cmd', 'cc.ps1', 'make', 'make.cmd', 'make.ps1']);
  const listed = await listWrappers(bin);
  expect(listed.map(({ name, format, unchanged }) => [name, format, unchanged])).toEqual([
    ['cc', 'posix', true],
    ['cc', 'cmd', true],
    ['cc', 'powershell', true],
    ['make', 'posix', true],
    ['make', 'cmd', true],
    ['make', 'powershell', true],
  ]);
});

test('again changes nothing, not even a file’s time; another container replaces them', async () => {
  await write();
  const before = names().map((name) => statSync(path.join(bin, name)).ino);
  await write();
  expect(names().map((name) => statSync(path.join(bin, name)).ino)).toEqual(before);
  await write(specs, { container: 'other' });
  expect(names()).toEqual(['cc', 'make']);
  expect(readFileSync(path.join(bin, 'cc'), 'utf8')).toContain("'other'");
});

test.for<readonly [string, (file: string) => void]>([
  ['a file of somebody else', (file) => writeFileSync(file, '#!/bin/sh\n')],
  ['an empty file', (file) => writeFileSync(file, '')],
  ['a directory', (file) => mkdirSync(file)],
  ['a link', (file) => symlinkSync('/etc/passwd', file)],
  ['a dangling link', (file) => symlinkSync('nowhere', file)],
])('%s is left alone, and nothing is written', async ([, make]) => {
  mkdirSync(bin, { recursive: true });
  make(path.join(bin, 'cc'));
  await expect(write()).rejects.toMatchObject({ code: 'ERR_CONTAINERV_EXISTS', path: path.join(bin, 'cc') });
  expect(names()).toEqual(['cc']);
  expect(await listWrappers(bin)).toEqual([]);
  expect(await removeWrappers(bin)).toEqual([]);
  expect(names()).toEqual(['cc']);
});

test('a wrapper that was changed by hand is neither replaced nor removed', async () => {
  await write();
  const file = path.join(bin, 'cc');
  writeFileSync(file, `${readFileSync(file, 'utf8')}# mine\n`);
  await expect(write()).rejects.toMatchObject({ code: 'ERR_CONTAINERV_EXISTS' });
  await expect(removeWrappers(bin, ['make', 'cc'])).rejects.toMatchObject({ code: 'ERR_CONTAINERV_STATE' });
  expect(names()).toEqual(['cc', 'make']);
  expect((await listWrappers(bin)).map(({ name, unchanged }) => [name, unchanged])).toEqual([
    ['cc', false],
    ['make', true],
  ]);
  expect(await removeWrappers(bin)).toEqual([path.join(bin, 'make')]);
  expect(names()).toEqual(['cc']);
});

test('removes what is asked for, and nothing when a name is unknown', async () => {
  await write();
  writeFileSync(path.join(bin, 'own'), 'x');
  await expect(removeWrappers(bin, ['cc', 'own'])).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_NOT_FOUND',
  });
  expect(names()).toEqual(['cc', 'make', 'own']);
  expect(await removeWrappers(bin, ['cc'])).toEqual([path.join(bin, 'cc')]);
  expect(await removeWrappers(bin)).toEqual([path.join(bin, 'make')]);
  expect(names()).toEqual(['own']);
  expect(await removeWrappers(path.join(base, 'none'))).toEqual([]);
});

test('a wrapper under another name is not listed as one that could be removed by it', async () => {
  await write(specs, { formats: ['cmd'] });
  writeFileSync(path.join(bin, 'copy'), readFileSync(path.join(bin, 'cc.cmd')));
  expect((await listWrappers(bin)).map(({ name }) => name)).toEqual(['cc', 'make']);
});

test('what fails leaves nothing behind', async () => {
  await expect(write([...specs, { name: 'a/b', path: 'x' }])).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_INVALID_OPTION',
  });
  await expect(write([{ name: 'x', path: 'x', args: ['\0'] }])).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_INVALID_OPTION',
  });
  await expect(write(specs, { container: '../x' })).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_INVALID_OPTION',
  });
  await expect(write([{ name: 'x', path: '/ü' }], { formats: ['cmd'] })).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_INVALID_OPTION',
  });
  await expect(write([{ name: 'x', path: 'x', args: ['a\nb'] }], { formats: ['cmd'] })).rejects.toMatchObject(
    { code: 'ERR_CONTAINERV_INVALID_OPTION' },
  );
  expect(existsSync(bin)).toBe(false);
});
