import { expect, test } from 'vitest';
import {
  resolveContainerOptions,
  type ResolvedRlimit,
  resolveSpawnOptions,
  type Rlimits,
} from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (rlimits: unknown): readonly ResolvedRlimit[] =>
  resolveContainerOptions({ rlimits: rlimits as Rlimits }).rlimits;

test.for([
  [{ nofile: 1024 }, [{ name: 'nofile', resource: 7, soft: 1024, hard: 1024 }]],
  [{ RLIMIT_CORE: 0 }, [{ name: 'core', resource: 4, soft: 0, hard: 0 }]],
  [{ CPU: 'unlimited' }, [{ name: 'cpu', resource: 0, soft: 'unlimited', hard: 'unlimited' }]],
  [
    { rttime: { soft: 5, hard: 'unlimited' } },
    [{ name: 'rttime', resource: 15, soft: 5, hard: 'unlimited' }],
  ],
  [[{ type: 'RLIMIT_NPROC', soft: 1, hard: 2 }], [{ name: 'nproc', resource: 6, soft: 1, hard: 2 }]],
  [[{ type: 'as', soft: 5, hard: 2 ** 64 }], [{ name: 'as', resource: 9, soft: 5, hard: 'unlimited' }]],
  [{ stack: Infinity }, [{ name: 'stack', resource: 3, soft: 'unlimited', hard: 'unlimited' }]],
  [{}, []],
  [[], []],
])('%j', ([given, resolved]) => {
  expect(resolve(given)).toEqual(resolved);
});

test('a process keeps what it does not change of its container', () => {
  const container = resolveContainerOptions({ rlimits: { nofile: 10, core: 0 } });
  const { rlimits } = resolveSpawnOptions('x', [], { rlimits: { nofile: 5 } }, container);
  expect(rlimits.map(({ name, soft }) => [name, soft])).toEqual([
    ['nofile', 5],
    ['core', 0],
  ]);
});

test.for([
  [{ files: 1 }, 'Unknown resource limit `files`'],
  [{ nofile: -1 }, '`rlimits.nofile` to be a whole number'],
  [{ nofile: 1.5 }, '`rlimits.nofile`'],
  [{ nofile: '5' }, '`rlimits.nofile`'],
  [{ nofile: null }, '`rlimits.nofile` to be'],
  [{ nofile: { soft: 5 } }, '`rlimits.nofile` to be a whole number'],
  [{ nofile: { soft: 5, hard: 4 } }, 'a soft limit that is at most the hard one'],
  [{ nofile: { soft: 'unlimited', hard: 4 } }, 'a soft limit that is at most the hard one'],
  [{ nofile: 1, RLIMIT_NOFILE: 2 }, '`rlimits` sets nofile twice'],
  [[{ soft: 1, hard: 1 }], 'Unknown resource limit `undefined`'],
  [['nofile'], '`rlimits[0]` to be an object'],
  ['nofile=1', '`rlimits` to be an object'],
] as const)('%j is refused', ([given, part]) => {
  expectInvalid(() => resolve(given), part);
});
