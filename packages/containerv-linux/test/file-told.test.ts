import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { untilTold } from '../src/file-told.js';

const LONG_MS = 60_000;
let file: string;
let looks: number;

beforeEach(() => {
  const directory = mkdtempSync(path.join(tmpdir(), 'containerv-told-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  file = path.join(directory, 'cgroup.events');
  looks = 0;
  writeFileSync(file, 'frozen 0\n');
});

async function frozen(): Promise<boolean> {
  looks++;
  return readFileSync(file, 'utf8') === 'frozen 1\n';
}

test('what is so already is seen at the first look', async () => {
  writeFileSync(file, 'frozen 1\n');
  expect(await untilTold(file, frozen, LONG_MS)).toBe(true);
  expect(looks).toBe(1);
});

test('what becomes so is told', async () => {
  const told = untilTold(file, frozen, LONG_MS);
  writeFileSync(file, 'frozen 1\n');
  expect(await told).toBe(true);
});

test('also during a look', async () => {
  const told = untilTold(
    file,
    async () => {
      const before = await frozen();
      if (looks === 1) writeFileSync(file, 'frozen 1\n');
      return before;
    },
    LONG_MS,
  );
  expect(await told).toBe(true);
});

test('without a change there is one look more, at the end', async () => {
  expect(await untilTold(file, frozen, 30)).toBe(false);
  expect(looks).toBe(2);
});

test('what cannot be watched is said to be so', async () => {
  expect(await untilTold(`${file}.not`, frozen, LONG_MS)).toBeUndefined();
  expect(looks).toBe(0);
});
