import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { WEAKENINGS } from './weakenings.mjs';

const project = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = 'docs/security-cases.md';
const page = readFileSync(path.join(project, PAGE), 'utf8');

/** `file`: “title”, as the page names tests. */
const named = [...page.matchAll(/`([^`]+\.test\.ts)`: “([^”]*)”/g)].map(
  ([, file = '', title = '']) => [file, title] as const,
);

describe(`what ${PAGE} names is there`, () => {
  test('tests', () => {
    expect(named.length).toBeGreaterThan(40);
    const gone = named.filter(([file, title]) => {
      const source = path.join(project, file);
      return title === '' || !existsSync(source) || !readFileSync(source, 'utf8').includes(title);
    });
    expect(gone).toEqual([]);
  });

  test('weakenings, each of them', () => {
    expect(Object.keys(WEAKENINGS).filter((name) => !page.includes(`“${name}”`))).toEqual([]);
  });

  test('every file of tests/security', () => {
    const files = readdirSync(path.join(project, 'tests/security')).filter((name) =>
      name.endsWith('.test.ts'),
    );
    const unnamed = files.filter(
      (name) => name !== 'cases.test.ts' && !page.includes(`tests/security/${name}`),
    );
    expect(unnamed).toEqual([]);
  });

  test('every case has a test, or says why it has none', () => {
    const rows = page.split('\n').filter((line) => /^\| (?!case|---)/.test(line));
    expect(rows.length).toBeGreaterThan(45);
    const bare = rows.filter((row) => (row.split(' | ')[2] ?? '').trim().length < 8);
    expect(bare).toEqual([]);
  });
});

describe('weakenings', () => {
  test.for(Object.entries(WEAKENINGS))('%s: can be applied, and its test exists', ([, weakening]) => {
    for (const { file, from } of [weakening, ...(weakening.also ?? [])])
      expect(readFileSync(path.join(project, 'packages', file), 'utf8').split(from)).toHaveLength(2);
    const tests = readFileSync(path.join(project, 'tests', weakening.caughtBy), 'utf8');
    expect(tests.includes(weakening.title) || /^policy \w+, user/.test(weakening.title)).toBe(true);
  });
});
