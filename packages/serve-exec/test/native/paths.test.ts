import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { containerPath } from 'containerv-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERYWHERE, LCOW, nasty, WCOW } from '../../../containerv-api/test/container-path-table.js';
import { fc } from '../../../containerv-api/test/property.js';

const SOURCES = ['map-paths.cc', '../../../containerv-linux/native/serve-exec/container_path.cc'];
const RANDOM = 20_000;

const compiler = [process.env['CXX'], 'c++', 'g++', 'clang++'].find(
  (name) => name !== undefined && name !== '' && spawnSync(name, ['--version']).status === 0,
);
const title = 'the native programs map paths as containerPath() does';

describe.skipIf(compiler === undefined)(compiler === undefined ? `${title} (skipped: no c++)` : title, () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'serve-exec-paths-'));
  const program = path.join(directory, 'map-paths');
  beforeAll(() => {
    const sources = SOURCES.map((source) => fileURLToPath(new URL(source, import.meta.url)));
    const flags = ['-std=c++20', '-O1', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined'];
    const { status, stderr } = spawnSync(compiler as string, [...flags, ...sources, '-o', program], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }, 120_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** Each path as it is for the three targets. */
  const map = (paths: readonly string[]): string[][] => {
    const input = paths.map((each) => `${each}\0`).join('');
    const { status, stdout, stderr } = spawnSync(program, {
      input,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 ** 2,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const words = stdout.split('\0').slice(0, -1);
    return paths.map((_, index) => words.slice(3 * index, 3 * index + 3));
  };
  const expected = (each: string): string[] =>
    (['linux', 'wcow', 'lcow'] as const).map((target) => containerPath(each, target));

  test('those of the tables', () => {
    const paths = [...EVERYWHERE, ...LCOW, ...WCOW].map(([given]) => given);
    expect(map(paths)).toEqual(paths.map(expected));
  });

  test('a very long one', () => {
    const paths = [
      `/${'directory/'.repeat(5000)}file`,
      '../'.repeat(5000),
      `C:${'\\chef\\rootfs'.repeat(4000)}`,
    ];
    expect(map(paths)).toEqual(paths.map(expected));
  });

  test(`${RANDOM} that chance made`, () => {
    const paths = fc
      .sample(fc.oneof(nasty, fc.string({ unit: 'grapheme' })), RANDOM)
      .filter((each) => !each.includes('\0'));
    const mapped = map(paths);
    const wrong = paths.flatMap((given, index) => {
      const [native, own] = [mapped[index], expected(given)];
      return JSON.stringify(native) === JSON.stringify(own) ? [] : [{ given, native, own }];
    });
    expect(wrong).toEqual([]);
  });
});
