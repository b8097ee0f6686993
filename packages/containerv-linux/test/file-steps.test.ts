import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeFileSteps } from '../src/file-steps.js';
import { type FileStep, type Native, nativeDirectory } from '../src/native.js';
import { WireWriter } from '../src/wire.js';

// What runs here is the source; the addon was built beside the package's.
const built = nativeDirectory().replace(`${path.sep}src${path.sep}`, `${path.sep}dist${path.sep}`);
const addon = createRequire(import.meta.url)(path.join(built, 'containerv.node')) as Native;

/** The v2 hierarchy, also one without controllers; for root alone. */
const [, unified] =
  process.getuid?.() === 0 ? (/^\S+ (\S+) cgroup2 rw/m.exec(readFileSync('/proc/mounts', 'utf8')) ?? []) : [];

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'containerv-steps-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string): string => path.join(directory, name);
const run = async (...steps: FileStep[]) => addon.files(encodeFileSteps(steps));

describe('file steps, as the addon reads what is encoded here', () => {
  test('each kind does its own work', async () => {
    const results = await run(
      { op: 'mkdir', path: at('made'), mode: 0o710 },
      { op: 'ensure-directory', path: at('made'), mode: 0o700 },
      { op: 'directory', path: at('made') },
      { op: 'replace', path: at('file'), text: 'one ü' },
      { op: 'write', path: at('file'), text: 'two' },
      { op: 'read', path: at('file') },
      { op: 'publish', path: at('file'), text: at('published') },
      { op: 'lock', path: at('made/lock'), exclusive: true },
      { op: 'open', path: at('made') },
      { op: 'await-exit', path: at('published'), text: 'nobody', optional: true },
      { op: 'opaque-marks', path: at('made') },
      { op: 'mkdir', path: at('made/empty'), mode: 0o700 },
      { op: 'rmdir', path: at('made/empty') },
    );
    // `write` leaves what is beyond it: it is for files of the kernel.
    expect(results[5]?.text).toBe('two ü');
    expect(statSync(at('made')).mode & 0o777).toBe(0o710);
    for (const index of [7, 8]) addon.close(results[index]?.fd ?? -1);
    expect(readFileSync(at('published'), 'utf8')).toBe('two ü');
    const removed = await run(
      { op: 'remove-claim', path: at('made') },
      { op: 'remove-tree', path: directory },
    );
    expect(removed.filter((result) => result?.done === false)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  test('stop at the first failure that is not optional', async () => {
    const results = await run(
      { op: 'read', path: at('absent'), optional: true },
      { op: 'rmdir', path: at('absent') },
      { op: 'read', path: at('absent') },
      { op: 'mkdir', path: at('after'), mode: 0o700 },
    );
    expect(results.map((result) => result?.errno)).toEqual([2, undefined, 2, 0]);
    expect(() => statSync(at('after'))).toThrow();
  });

  test.each<[string, Buffer]>([
    ['a NUL within a path', encodeFileSteps([{ op: 'remove-tree', path: '/nowhere\0/else' }])],
    ['a NUL within a text', encodeFileSteps([{ op: 'write', path: '/nowhere', text: 'a\0b' }])],
    ['an unknown kind', new WireWriter().u32(1).u32(14).u32(0).u32(0).text('/nowhere').text('').finish()],
    [
      'a list that ends too soon',
      new WireWriter().u32(2).u32(4).u32(0).u32(0).text('/nowhere').text('').finish(),
    ],
    ['something after the list', new WireWriter().u32(0).u32(0).finish()],
    ['nothing', Buffer.alloc(0)],
  ])('%s is refused before anything is done', (_, bytes) => {
    expect(() => addon.files(bytes)).toThrow(/decode steps/);
  });

  test.skipIf(unified === undefined)(
    'a control group is removed when the last of its processes is gone',
    async () => {
      const group = path.join(unified ?? '', `containerv-steps-${process.pid}`);
      mkdirSync(group);
      const child = spawn('sleep', ['0.4'], { stdio: 'ignore' });
      writeFileSync(path.join(group, 'cgroup.procs'), String(child.pid));
      expect(await run({ op: 'rmdir', path: group })).toEqual([undefined]);
      expect(existsSync(group)).toBe(false);
    },
  );

  test('anything but bytes is refused', () => {
    expect(() => addon.files([] as unknown as Buffer)).toThrow(TypeError);
  });
});
