import { fc, property } from './property.js';
import { expect, test } from 'vitest';
import { checkContainerId, generateContainerId } from '../src/index.js';
import { expectInvalid } from './invalid.js';

test.for(['a', '0', 'build-1', 'A.b_c-D', 'a..b', 'x'.repeat(63)])('%s is an id', (id) => {
  expect(checkContainerId(id)).toBe(id);
});

test.for([
  '',
  '.',
  '..',
  '-a',
  '_a',
  '.a',
  'a/b',
  '../a',
  'a b',
  'a\n',
  'a\0',
  'ä',
  'x'.repeat(64),
  7,
  null,
  undefined,
])('%j is not an id', (id) => {
  expectInvalid(() => checkContainerId(id), 'Expected `id` to be 1 to 63 of');
});

test('generated ids are valid and differ', () => {
  const ids = Array.from({ length: 100 }, generateContainerId);
  for (const id of ids) expect(checkContainerId(id)).toBe(id);
  expect(new Set(ids).size).toBe(100);
});

property([fc.string()])('an id is one safe path component', (id) => {
  try {
    checkContainerId(id);
  } catch {
    return;
  }
  expect(id).not.toMatch(/[/\\\0\s]/);
  expect(['.', '..', '']).not.toContain(id);
});
