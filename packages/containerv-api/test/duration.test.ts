import { fc, property } from './property.js';
import { expect, test } from 'vitest';
import { MAX_DURATION_MS, parseDuration } from '../src/index.js';
import { expectInvalid } from './invalid.js';

test.for([
  [0, 0],
  [250, 250],
  [0.2, 1],
  ['0ms', 0],
  ['1500ms', 1500],
  ['2s', 2000],
  ['1.5s', 1500],
  ['0.5ms', 1],
  ['5m', 300_000],
  ['1h', 3_600_000],
  [MAX_DURATION_MS, 2_147_483_647],
] as const)('%s is %d ms', ([duration, milliseconds]) => {
  expect(parseDuration(duration)).toBe(milliseconds);
});

test.for([
  '10',
  '',
  's',
  '2 s',
  ' 2s',
  '-2s',
  '1e3ms',
  '2S',
  '2sec',
  '1m30s',
  '.5s',
  '25d',
  '600h',
  -1,
  2 ** 31,
  Number.NaN,
  Infinity,
  null,
  undefined,
  false,
])('%s is refused', (duration) => {
  expectInvalid(
    () => parseDuration(duration as string),
    'Expected `duration` to be a number of milliseconds',
  );
});

test('the error names the option', () => {
  expectInvalid(
    () => parseDuration('10', 'timeout'),
    '`timeout`',
    "`'10'` (string)",
    'Units are ms, s, m and h',
  );
});

property([fc.nat({ max: MAX_DURATION_MS })])('milliseconds are the same as number and as text', (count) => {
  expect(parseDuration(`${count}ms`)).toBe(parseDuration(count));
});

property([fc.oneof(fc.double(), fc.string())])('what comes out fits a timer', (duration) => {
  let milliseconds: number;
  try {
    milliseconds = parseDuration(duration);
  } catch {
    return;
  }
  expect(Number.isInteger(milliseconds)).toBe(true);
  expect(milliseconds).toBeGreaterThanOrEqual(0);
  expect(milliseconds).toBeLessThanOrEqual(2 ** 31 - 1);
});
