import { type Limits, resolveLimitChanges } from 'containerv-api';
import { expect, test } from 'vitest';
import { type HeldMemory, withHeldMemory } from '../../src/cgroup/swap-v1.js';

const UNLIMITED = '9223372036854771712\n';
const MIB = 2 ** 20;

test.for<readonly [Limits, HeldMemory, Partial<ReturnType<typeof resolveLimitChanges>>, boolean]>([
  [
    { swap: '16M' },
    { memory: `${64 * MIB}\n`, both: UNLIMITED },
    { memoryBytes: 64 * MIB, swapBytes: 16 * MIB },
    true,
  ],
  [{ swap: '16M' }, { memory: UNLIMITED, both: UNLIMITED }, { memoryBytes: 'max' }, true],
  [
    { memory: '32M' },
    { memory: `${64 * MIB}\n`, both: `${80 * MIB}\n` },
    { memoryBytes: 32 * MIB, swapBytes: 16 * MIB },
    true,
  ],
  [
    { memory: '32M' },
    { memory: `${64 * MIB}\n`, both: UNLIMITED },
    { memoryBytes: 32 * MIB, swapBytes: undefined },
    false,
  ],
  // A kernel that does not count swap.
  [
    { memory: '32M' },
    { memory: `${64 * MIB}\n`, both: '' },
    { memoryBytes: 32 * MIB, swapBytes: undefined },
    false,
  ],
  [
    { memory: '32M', swap: 0 },
    { memory: `${64 * MIB}\n`, both: `${80 * MIB}\n` },
    { memoryBytes: 32 * MIB, swapBytes: 0 },
    true,
  ],
  [{ pids: 9 }, { memory: `${64 * MIB}\n`, both: `${80 * MIB}\n` }, { pids: 9, swapBytes: undefined }, false],
])('%j while %j are held', ([changes, held, expected, swap]) => {
  const completed = withHeldMemory(resolveLimitChanges(changes), held);
  expect(completed).toMatchObject(expected);
  expect(completed.explicit.swap).toBe(swap);
});
