import { ContainervError } from '../errors.js';
import { invalidOption } from '../option-check.js';

/** An `AbortSignal`, by shape, so that polyfills and other realms pass. */
export function checkAbortSignal(signal: unknown, option = 'signal'): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (
    typeof signal === 'object' &&
    signal !== null &&
    'aborted' in signal &&
    'addEventListener' in signal &&
    typeof signal.addEventListener === 'function'
  ) {
    return signal as AbortSignal;
  }
  throw invalidOption(option, 'an AbortSignal', signal);
}

/** The rejection of a call whose signal fired; `cause` is the signal's reason. */
export function abortError(signal: AbortSignal, step?: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_ABORTED', 'The operation was aborted', {
    step,
    cause: signal.reason,
  });
}

/** Throws {@link abortError} when the signal has fired already. */
export function throwIfAborted(signal: AbortSignal | undefined, step?: string): void {
  if (signal?.aborted === true) throw abortError(signal, step);
}
