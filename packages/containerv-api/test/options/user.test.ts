import { expect, test } from 'vitest';
import { resolveContainerOptions, type User } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (user: unknown): unknown => resolveContainerOptions({ user: user as User }).user;

test.for([
  [undefined, { user: 0, group: 0, groups: [] }],
  ['root', { user: 'root', group: undefined, groups: undefined }],
  ['build:staff', { user: 'build', group: 'staff', groups: undefined }],
  ['_apt', { user: '_apt', group: undefined, groups: undefined }],
  ['machine$', { user: 'machine$', group: undefined, groups: undefined }],
  ['1000:100', { user: 1000, group: 100, groups: undefined }],
  ['1000', { user: 1000, group: undefined, groups: undefined }],
  [1000, { user: 1000, group: undefined, groups: undefined }],
  [
    { uid: 1, gid: 2 },
    { user: 1, group: 2, groups: [] },
  ],
  [
    { uid: 1, gid: 2, groups: [3, 4] },
    { user: 1, group: 2, groups: [3, 4] },
  ],
] as const)('%j', ([user, resolved]) => {
  expect(resolve(user)).toEqual(resolved);
});

test.for([
  [true, "`user` to be 'name', 'name:group', a user id"],
  [{ uid: -1, gid: 0 }, '`user.uid`'],
  [{ uid: 0 }, '`user.gid`'],
  [{ uid: 0, gid: 0, groups: [-1] }, '`user.groups[0]`'],
] as const)('what is wrong in %j is named', ([user, part]) => {
  expectInvalid(() => resolve(user), part);
});

test.for([
  '',
  ':',
  'a:',
  ':a',
  'a:b:c',
  'a b',
  'a\nroot:x',
  '-a',
  '../root',
  '99999999999',
  '4294967295',
  -1,
  1.5,
  2 ** 31,
  null,
  [],
  true,
  { uid: 1 },
  { gid: 1 },
  { uid: -1, gid: 0 },
  { uid: 1, gid: 0, groups: [-1] },
  { uid: 1, gid: 0, groups: 5 },
])('%j is refused', (user) => {
  expectInvalid(() => resolve(user), '`user');
});
