import { expect, test } from 'vitest';
import { resolveWatchStatsOptions } from '../src/index.js';
import { expectInvalid } from './invalid.js';

test('a second between readings, unless told otherwise', () => {
  expect(resolveWatchStatsOptions()).toEqual({ intervalMs: 1000, signal: undefined });
  const { signal } = new AbortController();
  expect(resolveWatchStatsOptions({ interval: '250ms', signal })).toEqual({ intervalMs: 250, signal });
});

test.for([
  [{ interval: 0 }, '`interval` to be at least 10 ms'],
  [{ interval: '9ms' }, '`interval` to be at least 10 ms'],
  [{ interval: 'soon' }, '`interval`'],
  [{ signal: {} }, '`signal`'],
  [{ intervall: 10 }, 'Did you mean `interval`'],
] as const)('%j is refused', ([options, message]) => {
  expectInvalid(() => resolveWatchStatsOptions(options as never), message);
});
