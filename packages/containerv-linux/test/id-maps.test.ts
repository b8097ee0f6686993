import { describe, expect, test } from 'vitest';
import { idMapFiles, mapsGroup } from '../src/id-maps.js';
import { specOf } from './support/spec.js';
import { thrownBy } from './support/thrown.js';

const ROOT = 0;
const USER = 1000;
const GROUP = 1001;

describe('for root', () => {
  test('every id is itself, so that files keep their owners', () => {
    const everything = '0 0 4294967295\n';
    expect(idMapFiles(specOf(), ROOT, ROOT)).toEqual({
      uidMap: everything,
      gidMap: everything,
      denySetgroups: false,
    });
  });

  test('maps are written as the kernel reads them: inside, outside, how many', () => {
    const spec = specOf({
      users: [
        { container: 0, host: 100_000, size: 1000 },
        { container: 5000, host: 7, size: 1 },
      ],
      groups: [{ container: 0, host: 200_000, size: 10 }],
    });
    expect(idMapFiles(spec, ROOT, ROOT)).toEqual({
      uidMap: '0 100000 1000\n5000 7 1\n',
      gidMap: '0 200000 10\n',
      denySetgroups: false,
    });
  });

  test('without a user namespace there is nothing to map', () => {
    expect(idMapFiles(specOf({ namespaces: { user: false } }), ROOT, ROOT)).toEqual({
      uidMap: '',
      gidMap: '',
      denySetgroups: false,
    });
  });
});

describe('for an ordinary user', () => {
  test('the one id that the kernel lets them have is root, and setgroups is given up for it', () => {
    expect(idMapFiles(specOf(), USER, GROUP)).toEqual({
      uidMap: '0 1000 1\n',
      gidMap: '0 1001 1\n',
      denySetgroups: true,
    });
  });

  test('their own id may have another number inside', () => {
    const spec = specOf({
      users: [{ container: 500, host: USER, size: 1 }],
      groups: [{ container: 501, host: GROUP, size: 1 }],
    });
    expect(idMapFiles(spec, USER, GROUP)).toMatchObject({ uidMap: '500 1000 1\n', gidMap: '501 1001 1\n' });
  });

  test.for([
    [
      'another id of the host',
      { users: [{ container: 0, host: 0, size: 1 }] },
      '`users` can map only host id 1000',
    ],
    ['more than one', { users: [{ container: 0, host: USER, size: 2 }] }, '`users`'],
    [
      'two maps',
      {
        groups: [
          { container: 0, host: GROUP, size: 1 },
          { container: 1, host: 1, size: 1 },
        ],
      },
      '`groups` can map only host id 1001',
    ],
  ] as const)('%s is refused', ([, options, part]) => {
    const error = thrownBy(() => idMapFiles(specOf(options), USER, GROUP));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'map ids' });
    expect(error.message).toContain(part);
    expect(error.hint).toContain('or run as root');
  });

  test('without a user namespace there is no container', () => {
    const error = thrownBy(() => idMapFiles(specOf({ namespaces: { user: false } }), USER, GROUP));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_PERMISSION', step: 'map ids' });
    expect(error.hint).toContain('namespaces.user');
  });
});

test.for([
  ['root maps all groups', specOf(), ROOT, 5, true],
  ['a user maps none but 0', specOf(), USER, 5, false],
  ['and that one', specOf(), USER, 0, true],
  ['without a namespace all exist', specOf({ namespaces: { user: false } }), ROOT, 5, true],
  ['the first of a map', specOf({ groups: [{ container: 5, host: 90, size: 2 }] }), ROOT, 5, true],
  ['the last of a map', specOf({ groups: [{ container: 5, host: 90, size: 2 }] }), ROOT, 6, true],
  ['one past a map', specOf({ groups: [{ container: 5, host: 90, size: 2 }] }), ROOT, 7, false],
  ['one before a map', specOf({ groups: [{ container: 5, host: 90, size: 2 }] }), ROOT, 4, false],
] as const)('%s', ([, spec, uid, group, mapped]) => {
  expect(mapsGroup(spec, uid, group)).toBe(mapped);
});
