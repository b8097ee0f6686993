import { expect, test } from 'vitest';
import { checkPrivateIds, checkSubordinateIds } from '../../src/probe/subordinate-check.js';

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
  expect(checkSubordinateIds({ ids }, undefined)).toEqual({
    name,
    status: 'ok',
    detail: 'besides this user 65546 users and 10 groups, by /usr/bin/newuidmap',
  });
});

test('what is missing, and what mends it', () => {
  const lack = { what: '`newuidmap` is not installed', fix: 'sudo apt-get install uidmap' };
  expect(checkSubordinateIds({ lack }, undefined)).toEqual({
    name,
    status: 'degraded',
    detail: 'A container has no user but its root, because `newuidmap` is not installed.',
    fix: 'sudo apt-get install uidmap',
  });
});

test('programs that are there and refuse', () => {
  const span = [{ first: 100_000, size: 65_536 }];
  const ids = { users: span, groups: span, newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' };
  expect(checkSubordinateIds({ ids }, '/usr/bin/newuidmap does not give them')).toMatchObject({
    status: 'degraded',
    detail: expect.stringContaining('/usr/bin/newuidmap does not give them') as string,
    fix: expect.stringContaining('no_new_privs') as string,
  });
});

test('root has some of its own for each container, or is told why not', () => {
  expect(checkPrivateIds(true, undefined)).toMatchObject({ name, status: 'ok' });
  expect(checkPrivateIds(undefined, undefined)).toMatchObject({ name, status: 'degraded' });
  expect(checkPrivateIds(false, { what: 'it is old', fix: 'Upgrade.' })).toEqual({
    name,
    status: 'degraded',
    detail: "Containers have the host's, because it is old.",
    fix: 'Upgrade.',
  });
});
