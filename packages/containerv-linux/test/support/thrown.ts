import { ContainervError } from 'containerv-api';
import { expect } from 'vitest';

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
