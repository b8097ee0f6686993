import { didYouMean } from 'containerv-api';
import { describeValue, invalidPolicy, unexpected } from './invalid-policy.js';

/** No list in a policy is longer than this; a longer one is a mistake or an attack on whoever reads it. */
const maxListLength = 4096;

/**
 * A plain object of which every key is known. Keys are compared as own properties, so `__proto__` from `JSON.parse`
 * is an unknown key like any other.
 */
export function checkRecord(
  value: unknown,
  entry: string,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unexpected(entry, 'an object', value);
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw invalidPolicy(
        `Unknown key ${describeValue(key)} in \`${entry}\`.${didYouMean(key, known)}`,
        `Known keys: ${known.join(', ')}.`,
      );
    }
    copy[key] = (value as Record<string, unknown>)[key];
  }
  return copy;
}

export function checkList(
  value: unknown,
  entry: string,
  maxLength: number = maxListLength,
): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected(entry, 'an array', value);
  if (value.length > maxLength) throw unexpected(entry, `an array of at most ${maxLength} entries`, value);
  // A copy without holes: what was checked is what is used, and `[,]` is an `undefined` that its reader rejects.
  return Array.from(value as readonly unknown[]);
}

export function checkWord<Word extends string>(value: unknown, entry: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  const list = words.map((candidate) => `'${candidate}'`).join(', ');
  const hint = typeof value === 'string' ? didYouMean(value, words).trim() : '';
  throw unexpected(entry, `one of ${list}`, value, hint === '' ? undefined : hint);
}

/** A whole number within `[minimum, maximum]`. */
export function checkInteger(value: unknown, entry: string, minimum: number, maximum: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum && value <= maximum)
    return value;
  throw unexpected(entry, `a whole number from ${minimum} to ${maximum}`, value);
}

export function checkBoolean(value: unknown, entry: string): boolean {
  if (typeof value === 'boolean') return value;
  throw unexpected(entry, 'a boolean', value);
}

/** A non-empty string of at most `maxLength` characters without control characters. */
export function checkText(value: unknown, entry: string, maxLength: number): string {
  if (typeof value !== 'string' || value === '' || value.length > maxLength)
    throw unexpected(entry, `a string of 1 to ${maxLength} characters`, value);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(value))
    throw unexpected(entry, 'a string without NUL, newline or other control characters', value);
  return value;
}
