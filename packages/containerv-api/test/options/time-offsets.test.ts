import { expect, test } from 'vitest';
import { resolveContainerOptions, type TimeOffsets } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (timeOffsets: unknown) =>
  resolveContainerOptions({ timeOffsets: timeOffsets as TimeOffsets | undefined });

test.for([
  [undefined, { monotonicSeconds: 0, boottimeSeconds: 0 }, false],
  [{}, { monotonicSeconds: 0, boottimeSeconds: 0 }, true],
  [{ monotonicSeconds: -5 }, { monotonicSeconds: -5, boottimeSeconds: 0 }, true],
  [{ boottimeSeconds: 86_400 }, { monotonicSeconds: 0, boottimeSeconds: 86_400 }, true],
] as const)('%j', ([given, offsets, own]) => {
  const { timeOffsets, namespaces } = resolve(given);
  expect(timeOffsets).toEqual(offsets);
  expect(namespaces.time).toBe(own);
});

test.for([
  [{ monotonic: 1 }, '`monotonic`'],
  [{ monotonicSeconds: 0.5 }, '`timeOffsets.monotonicSeconds`'],
  [{ boottimeSeconds: '1' }, '`timeOffsets.boottimeSeconds`'],
  [{ boottimeSeconds: 5_000_000_000 }, '`timeOffsets.boottimeSeconds`'],
  [null, '`timeOffsets`'],
] as const)('%j is refused', ([given, part]) => {
  expectInvalid(() => resolve(given), part);
});

test('offsets without a time namespace are refused', () => {
  expectInvalid(
    () => resolveContainerOptions({ timeOffsets: {}, namespaces: { time: false } }),
    '`timeOffsets` needs a time namespace',
  );
});
