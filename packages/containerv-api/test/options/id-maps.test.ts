import { expect, test } from 'vitest';
import { type IdMapping, MAX_ID, resolveContainerOptions } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (users: unknown): unknown => resolveContainerOptions({ users: users as IdMapping[] }).users;

test.for([
  'auto',
  [{ host: 100_000, container: 0, size: 65_536 }],
  [{ host: MAX_ID, container: MAX_ID, size: 1 }],
])('%j is an id map', (map) => {
  expect(resolve(map)).toEqual(map);
});

test('neighbouring ranges do not overlap', () => {
  const map = [
    { host: 10, container: 5, size: 5 },
    { host: 0, container: 0, size: 5 },
    { host: 15, container: 10, size: 1 },
  ];
  expect(resolve(map)).toEqual(map);
});

test.for([
  [[], "`users` to be 'auto' or an array of 1 to 340 id mappings"],
  ['all', '`users` to be an array'],
  [[{ host: -1, container: 0, size: 1 }], '`users[0].host`'],
  [[{ host: 0, container: 1.5, size: 1 }], '`users[0].container`'],
  [[{ host: 0, container: 0, size: 0 }], '`users[0].size`'],
  [[{ host: 2 ** 31, container: 0, size: 1 }], '`users[0].host`'],
  [[{ host: 1, container: 0, size: 2 ** 31 }], '`users[0].size`'],
  [[{ host: 0, container: 0 }], '`users[0].size`'],
  [[null], '`users[0]` to be an object'],
] as const)('%j is refused', ([map, part]) => {
  expectInvalid(() => resolve(map), part);
});

test('more ranges than the kernel takes are refused', () => {
  const ranges = Array.from({ length: 341 }, (_, index) => ({ host: index, container: index, size: 1 }));
  expect(resolve(ranges.slice(1))).toHaveLength(340);
  expectInvalid(() => resolve(ranges), '1 to 340 id mappings');
});

test.for([
  [
    'host',
    [
      { host: 0, container: 0, size: 10 },
      { host: 9, container: 20, size: 1 },
    ],
    9,
  ],
  [
    'container',
    [
      { host: 50, container: 8, size: 4 },
      { host: 0, container: 0, size: 9 },
    ],
    8,
  ],
] as const)('a %s id mapped twice is named', ([side, map, id]) => {
  expectInvalid(() => resolve(map), `\`users\` maps ${side} id ${id} twice`);
});
