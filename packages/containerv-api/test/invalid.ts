import { expect } from 'vitest';
import { ContainervError, type ErrorCode } from '../src/index.js';

/** The ContainervError that `call` throws; anything else fails the test. */
export function thrownBy(call: () => unknown): ContainervError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ContainervError);
    return error as ContainervError;
  }
  throw new Error('Nothing was thrown');
}

/** Asserts an `ERR_CONTAINERV_INVALID_OPTION` whose message holds every one of `parts`. */
export function expectInvalid(call: () => unknown, ...parts: readonly string[]): void {
  const code: ErrorCode = 'ERR_CONTAINERV_INVALID_OPTION';
  const error = thrownBy(call);
  expect(error.code).toBe(code);
  for (const part of parts) expect(error.message).toContain(part);
}
