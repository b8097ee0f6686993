import { isContainervError } from 'containerv-api';
import { expect, test } from 'vitest';
import { checkWrapperNames } from '../../src/wrappers/wrapper-name.js';
import type { WrapperFormat } from '../../src/wrappers/wrapper-options.js';

const posix: readonly WrapperFormat[] = ['posix'];
const windows: readonly WrapperFormat[] = ['cmd', 'powershell'];

function problem(names: readonly string[], formats: readonly WrapperFormat[]): string | undefined {
  try {
    checkWrapperNames(names, formats);
    return undefined;
  } catch (error) {
    if (isContainervError(error) && error.code === 'ERR_CONTAINERV_INVALID_OPTION') return error.summary;
    throw error;
  }
}

test.for([
  '',
  '.',
  '..',
  '...',
  'a/b',
  'a\\b',
  '/a',
  'a\0',
  'a\nb',
  '-a',
  'serve-exec',
  'Serve-Exec',
  'con',
  'NUL',
  'aux.txt',
  'com1',
  'LPT9.tar.gz',
  'com¹',
  'conin$',
  'prn ',
  'x'.repeat(201),
])('%j is no name anywhere', (name) => {
  expect(problem([name], posix)).toBeDefined();
  expect(problem([name], windows)).toBeDefined();
});

test.for(['a:b', 'a?', 'a*', 'a"', '<a', 'a|b', 'a.', 'a '])('%j is no name on Windows', (name) => {
  expect(problem([name], posix)).toBeUndefined();
  expect(problem([name], windows)).toBeDefined();
});

test.for([
  'make',
  'g++',
  '[',
  'a b',
  'ünïcode',
  'console',
  'com10',
  'nul2',
  'x%y',
  '.hidden',
  'a.b',
  'x'.repeat(200),
])('%j is a name', (name) => {
  expect(problem([name], [...posix, ...windows])).toBeUndefined();
});

test('the same name twice, and on Windows in another case, is refused', () => {
  expect(problem(['a', 'b', 'a'], posix)).toMatch(/'a' is there twice/);
  expect(problem(['cc', 'CC'], posix)).toBeUndefined();
  expect(problem(['cc', 'CC'], windows)).toMatch(/'cc' and 'CC'/);
  expect(problem(['cc', 'CC'], ['posix', 'cmd'])).toMatch(/'cc' and 'CC'/);
});
