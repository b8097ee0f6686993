import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { moveProcesses, parseProcs } from '../../src/cgroup/moved-processes.js';
import { type Native, nativeDirectory } from '../../src/native.js';

// What runs here is the source; the addon was built beside the package's.
const built = nativeDirectory().replace(`${path.sep}src${path.sep}`, `${path.sep}dist${path.sep}`);
const addon = createRequire(import.meta.url)(path.join(built, 'containerv.node')) as Native;

const base = mkdtempSync(path.join(tmpdir(), 'containerv-moved-'));
const [from, to] = ['from', 'to'].map((name) => path.join(base, name)) as [string, string];

function group(directory: string, pids: readonly number[]): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
}

afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

test('a group lists one process a line', () => {
  expect(parseProcs('12\n7\n')).toEqual([12, 7]);
  expect(parseProcs('')).toEqual([]);
  // Of a namespace that does not show them.
  expect(parseProcs('0\n3\n')).toEqual([3]);
});

test('who is to stay is left where it is', async () => {
  group(from, [5]);
  group(to, []);
  await moveProcesses(addon, 'move', { from, to, except: new Set([5]) });
});

test('one that is ending, and cannot be moved, is waited for', async () => {
  group(from, [5, 6]);
  group(to, []);
  let tries = 0;
  const kernel = {
    files: async (steps: Buffer) => {
      const results = await addon.files(steps);
      // What is written there says whom to move, and a process that is ending is not.
      group(to, []);
      if (++tries === 500) group(from, [6]);
      return results;
    },
  } as Native;
  await moveProcesses(kernel, 'move', { from, to, except: new Set([6]) });
  expect(tries).toBeGreaterThanOrEqual(500);
});
