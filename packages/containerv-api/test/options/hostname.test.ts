import { expect, test } from 'vitest';
import { resolveContainerOptions } from '../../src/index.js';
import { fc, property } from '../property.js';
import { expectInvalid } from '../invalid.js';

const HOSTNAME =
  /^(?=.{1,64}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

test.for(['a', 'build-1', 'Build.Example.com', '1.2', 'a'.repeat(63), `${'a'.repeat(32)}.${'b'.repeat(31)}`])(
  '%s is a host name',
  (hostname) => {
    expect(resolveContainerOptions({ hostname }).hostname).toBe(hostname);
  },
);

test.for([
  '',
  '-a',
  'a-',
  'a_b',
  'a b',
  'a..b',
  '.a',
  'a.',
  'ä',
  'a\n',
  'a'.repeat(64),
  `${'a'.repeat(33)}.${'b'.repeat(31)}`,
  7,
  null,
])('%j is not', (hostname) => {
  expectInvalid(() => resolveContainerOptions({ hostname: hostname as string }), '`hostname`');
});

test.for([
  ['build_1', 'build-1'],
  ['a..b', 'a.b'],
  ['a_', 'a'],
  ['a._.b', 'a.b'],
] as const)('id %s is host %s', ([id, hostname]) => {
  expect(resolveContainerOptions({ id }).hostname).toBe(hostname);
});

property([fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/)])('every id gives a host name', (id) => {
  expect(resolveContainerOptions({ id }).hostname).toMatch(HOSTNAME);
});
