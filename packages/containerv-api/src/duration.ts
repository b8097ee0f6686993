import { invalidOption } from './option-check.js';

/** A number of milliseconds, or a string such as `'1500ms'`, `'2s'`, `'5m'`, `'1h'`. */
export type Duration = number | string;

/** The longest duration, in ms: what a Node timer can hold, a little under 25 days. */
export const MAX_DURATION_MS: number = 2 ** 31 - 1;

const GRAMMAR = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * The number of milliseconds in `duration`, rounded up to a whole one, at most {@link MAX_DURATION_MS}.
 *
 * Numbers are milliseconds; strings are digits with an optional fraction and `ms`, `s`, `m` or `h`.
 * A string without a unit is refused, because `'10'` is seconds to some and milliseconds to others.
 *
 * @param option - what the error calls the value.
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for anything else.
 * @example parseDuration('1.5s') // 1500
 */
export function parseDuration(duration: Duration, option = 'duration'): number {
  const milliseconds = toMilliseconds(duration);
  if (milliseconds >= 0 && milliseconds <= MAX_DURATION_MS) return Math.ceil(milliseconds);
  throw invalidOption(option, "a number of milliseconds or a duration such as '1500ms' or '2s'", duration, {
    hint: `Units are ms, s, m and h; the longest is ${MAX_DURATION_MS} ms.`,
  });
}

function toMilliseconds(duration: unknown): number {
  if (typeof duration === 'number') return duration;
  if (typeof duration !== 'string') return Number.NaN;
  const [, amount = '', unit = ''] = GRAMMAR.exec(duration) ?? [];
  return Number(amount === '' ? Number.NaN : amount) * (UNIT_MS[unit] ?? Number.NaN);
}
