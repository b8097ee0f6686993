import { expect, test } from 'vitest';
import { throwIfAborted } from '../../src/index.js';
import { thrownBy } from '../invalid.js';

test('a signal that has not fired lets through', () => {
  expect(() => throwIfAborted(undefined)).not.toThrow();
  expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
});

test('a signal that has fired throws, with the step and its reason', () => {
  const reason = new Error('enough');
  const error = thrownBy(() => throwIfAborted(AbortSignal.abort(reason), 'start init'));
  expect(error).toMatchObject({ code: 'ERR_CONTAINERV_ABORTED', step: 'start init' });
  expect(error.cause).toBe(reason);
});
