import { expect, test } from 'vitest';
import { handDownTexts } from '../../src/cgroup/hand-down.js';

test.for([
  [
    ['memory', 'cpu', 'pids', 'io'],
    ['cpuset', 'cpu', 'io', 'memory', 'pids'],
    ['+memory', '+memory +cpu', '+memory +pids', '+io'],
  ],
  [
    ['memory', 'cpuset'],
    ['cpuset', 'memory'],
    ['+memory', '+memory +cpuset'],
  ],
  [['cpuset'], ['cpuset', 'misc'], ['+misc +cpuset']],
  // Nobody is refused by these; there is nothing that would be.
  [
    ['cpu', 'pids'],
    ['cpu', 'pids', 'perf_event'],
    ['+cpu', '+pids'],
  ],
  [[], ['memory'], []],
] as const)('%j of %j: %j', ([wanted, available, texts]) => {
  expect(handDownTexts(wanted, available)).toEqual(texts);
});
