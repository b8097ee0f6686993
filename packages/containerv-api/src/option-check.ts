import { inspect } from 'node:util';
import { ContainervError, type ErrorDetails } from './errors.js';
import { didYouMean } from './nearest-name.js';

/** An `ERR_CONTAINERV_INVALID_OPTION`: ``Expected `cpus` to be a positive number, got `-1` (number)``. */
export function invalidOption(
  option: string,
  expected: string,
  got: unknown,
  details?: ErrorDetails,
): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    `Expected \`${option}\` to be ${expected}, got ${describe(got)}`,
    details,
  );
}

/** An `ERR_CONTAINERV_INVALID_OPTION` about options that exclude each other. */
export function conflictingOptions(what: string, hint?: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_INVALID_OPTION', what, { hint });
}

/** A value as an error message shows it: `` `-1` (number) ``, shortened, never over several lines. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return `\`${String(value)}\``;
  const kind = Array.isArray(value) ? 'array' : typeof value;
  const text = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 80, maxArrayLength: 5 });
  return `\`${text.length > 120 ? `${text.slice(0, 117)}...` : text}\` (${kind})`;
}

/**
 * Asserts an options object: a plain object (or `undefined`, when `optional`), all of whose keys are known.
 * An unknown key is an error that names the nearest known one, because a misspelt limit must not be a missing limit;
 * or its place, when it is known `elsewhere`.
 */
export function checkOptions(
  value: unknown,
  option: string,
  known: readonly string[],
  elsewhere: ReadonlyMap<string, string> = new Map(),
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidOption(option, 'an object', value);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const place = elsewhere.get(key);
    const advice = place === undefined ? didYouMean(key, known) : ` Did you mean ${place}?`;
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_OPTION',
      `Unknown option \`${key}\` in \`${option}\`.${advice}`,
      { hint: `Known options: ${known.join(', ')}.` },
    );
  }
}

/** `value` when it is one of the words, an error that lists and suggests them, and `otherwise` names what else would do. */
export function checkWord<const Word extends string>(
  value: unknown,
  option: string,
  words: readonly Word[],
  otherwise?: string,
): Word {
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  const list = words.map((candidate) => `'${candidate}'`).join(', ');
  const hint = typeof value === 'string' ? didYouMean(value, words).trim() : '';
  const expected = otherwise === undefined ? `one of ${list}` : `one of ${list}, or ${otherwise}`;
  throw invalidOption(option, expected, value, { hint: hint === '' ? undefined : hint });
}

export function checkBoolean(value: unknown, option: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidOption(option, 'a boolean', value);
}

/** A whole number within `[minimum, maximum]`. */
export function checkInteger(value: unknown, option: string, minimum: number, maximum: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum && value <= maximum) {
    return value;
  }
  const range =
    maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  throw invalidOption(option, `a whole number ${range}`, value);
}

/** A string that can become a C string: not empty, without NUL. */
export function checkText(value: unknown, option: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw invalidOption(option, 'a non-empty string without NUL characters', value);
}

/** Asserts a list; its entries are still to be checked. */
export function checkArray<Entry>(value: readonly Entry[], option: string): readonly Entry[] {
  if (Array.isArray(value)) return value;
  throw invalidOption(option, 'an array', value);
}

/** Freezes `value` and every plain object and array in it, and gives it back. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
