import { expect, test } from 'vitest';
import { checkSubordinateIds } from '../../src/probe/subordinate-check.js';

const name = 'ids of users';

test('what a user has is counted', () => {
  const users = [
    { first: 100_000, size: 65_536 },
    { first: 500_000, size: 10 },
  ];
  const ids = {
    users,
    groups: users.slice(1),
    newuidmap: '/usr/bin/newuidmap',
    newgidmap: '/usr/bin/newgidmap',
  };
  expect(checkSubordinateIds({ ids })).toEqual({
    name,
    status: 'ok',
    detail: 'besides this user 65546 users and 10 groups, by /usr/bin/newuidmap',
  });
});

test('what is missing, and what mends it', () => {
  const lack = { what: '`newuidmap` is not installed', fix: 'sudo apt-get install uidmap' };
  expect(checkSubordinateIds({ lack })).toEqual({
    name,
    status: 'degraded',
    detail: 'A container has no user but its root, because `newuidmap` is not installed.',
    fix: 'sudo apt-get install uidmap',
  });
});

test('root needs none', () => {
  expect(checkSubordinateIds(undefined)).toMatchObject({ name, status: 'ok' });
});
