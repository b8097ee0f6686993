import { appendFileSync } from 'node:fs';
import { type ContainervError, isContainervError } from 'containerv-api';
import { expect } from 'vitest';

/** What a rejection is expected to say; patterns for texts. */
export interface ExpectedFailure {
  readonly code: string | RegExp;
  readonly step?: string;
  readonly syscall?: string | RegExp;
  readonly errno?: string | RegExp;
  readonly path?: string | RegExp;
  readonly hint?: RegExp;
  readonly message?: RegExp;
}

/**
 * The error that a call rejects with, checked. `CONTAINERV_TEST_MESSAGES=file` collects the messages, for people to
 * judge.
 */
export async function failure(call: Promise<unknown>, expected: ExpectedFailure): Promise<ContainervError> {
  let error: unknown;
  try {
    await discard(await call);
    expect.fail('expected a rejection, got a result');
  } catch (reason) {
    error = reason;
  }
  const collect = process.env['CONTAINERV_TEST_MESSAGES'];
  if (collect !== undefined)
    appendFileSync(collect, `${expect.getState().currentTestName}\n  ${String(error)}\n\n`);
  if (!isContainervError(error)) throw error;
  const told = Object.fromEntries(
    (Object.keys(expected) as (keyof ExpectedFailure)[]).map((key) => [key, error[key]]),
  );
  const wanted = Object.fromEntries(
    Object.entries(expected).map(([key, value]: [string, unknown]) => [
      key,
      value instanceof RegExp ? expect.stringMatching(value) : value,
    ]),
  );
  expect(told, String(error)).toEqual(wanted);
  return error;
}

/** A container that should not have come about must not count as one that was left behind. */
async function discard(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && Symbol.asyncDispose in result) {
    await (result as AsyncDisposable)[Symbol.asyncDispose]();
  }
}
