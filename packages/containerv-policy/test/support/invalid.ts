import { expect } from 'vitest';

/** Asserts that `run` throws `ERR_CONTAINERV_INVALID_POLICY` with a message that matches. */
export function expectInvalid(run: () => unknown, message: RegExp): void {
  expect(run).toThrow(
    expect.objectContaining({
      name: 'ContainervError',
      code: 'ERR_CONTAINERV_INVALID_POLICY',
      message: expect.stringMatching(message) as string,
    }),
  );
}
