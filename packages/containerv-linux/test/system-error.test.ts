import { ContainervError, type ErrorCode } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { failureOf, systemError } from '../src/system-error.js';

const FAILURE = { step: 'mount overlay', syscall: 'mount', errno: 13, path: '/srv' };

test('a failed call becomes an error with everything that is known', () => {
  const error = systemError(FAILURE, { what: 'Cannot mount', hint: 'Try another.' });
  expect(error).toMatchObject({
    code: 'ERR_CONTAINERV_PERMISSION',
    step: 'mount overlay',
    syscall: 'mount',
    errno: 'EACCES',
    path: '/srv',
    hint: 'Try another.',
    summary: "mount overlay: Cannot mount '/srv' (mount: EACCES, permission denied)",
  });
});

test.for<[number, ErrorCode]>([
  [1, 'ERR_CONTAINERV_PERMISSION'],
  [13, 'ERR_CONTAINERV_PERMISSION'],
  [2, 'ERR_CONTAINERV_NOT_FOUND'],
  [20, 'ERR_CONTAINERV_NOT_FOUND'],
  [17, 'ERR_CONTAINERV_EXISTS'],
  [38, 'ERR_CONTAINERV_UNSUPPORTED'],
  [19, 'ERR_CONTAINERV_UNSUPPORTED'],
  [95, 'ERR_CONTAINERV_UNSUPPORTED'],
  [108, 'ERR_CONTAINERV_STATE'],
  [74, 'ERR_CONTAINERV_PROTOCOL'],
  [5, 'ERR_CONTAINERV_SYSTEM'],
])('errno %i is %s', ([errno, code]) => {
  expect(systemError({ ...FAILURE, errno }).code).toBe(code);
});

test('init’s own words are shown, an empty path is none', () => {
  const error = systemError({ ...FAILURE, path: '', detail: 'machine 8' }, { what: 'Cannot run' });
  expect(error.summary).toContain('Cannot run (machine 8)');
  expect(error).not.toHaveProperty('path');
});

describe('the failure in what was thrown', () => {
  test('by the addon, which names its step', () => {
    const thrown = Object.assign(new Error('x'), {
      syscall: 'clone3',
      errno: 1,
      step: 'start init',
      path: '/a',
    });
    expect(failureOf(thrown, 'other')).toEqual({
      step: 'start init',
      syscall: 'clone3',
      errno: 1,
      path: '/a',
    });
  });

  test('by node:fs, whose numbers are negative', () => {
    const thrown = Object.assign(new Error('x'), { syscall: 'open', errno: -2 });
    expect(failureOf(thrown, 'read state')).toEqual({
      step: 'read state',
      syscall: 'open',
      errno: 2,
      path: undefined,
    });
  });

  test.for([
    new Error('x'),
    'text',
    undefined,
    { syscall: 'open', errno: 2 },
    Object.assign(new Error('x'), { syscall: 5, errno: 2 }),
    new ContainervError('ERR_CONTAINERV_STATE', 'x', { syscall: 'open', errno: 'ENOENT' }),
  ])('%s is none', (thrown) => {
    expect(failureOf(thrown, 'step')).toBeUndefined();
  });
});
