import { describe, expect, test } from 'vitest';
import { type Caller, mapsGroup, planIds, type PrivateIds } from '../../src/ids/id-maps.js';
import { specOf } from '../support/spec.js';
import { thrownBy } from '../support/thrown.js';

const NO_HELPERS = { uidHelper: '', gidHelper: '' };
const ROOT = 0;
const USER = 1000;
const GROUP = 1001;

const EVERYTHING = '         0          0 4294967295\n';
const RANGES: PrivateIds = { file: '/run/ids', runs: [{ first: 1_879_048_192, ranges: 4096 }] };

function caller(uid: number, gid: number, own = EVERYTHING): Caller {
  return { uid, gid, ownUids: own, ownGids: own };
}

describe('for root', () => {
  test('a range of its own, taken when it is started, with owners mapped', () => {
    expect(planIds(specOf(), caller(ROOT, ROOT), RANGES)).toEqual({
      uidMap: '',
      gidMap: '',
      denySetgroups: false,
      ...NO_HELPERS,
      idFile: '/run/ids',
      idRuns: RANGES.runs,
      mappedMounts: true,
    });
  });

  test('without ranges, every id that root has itself is itself', () => {
    const plan = { denySetgroups: false, ...NO_HELPERS, idFile: '', idRuns: [], mappedMounts: false };
    const everything = '0 0 4294967295\n';
    expect(planIds(specOf(), caller(ROOT, ROOT), undefined)).toEqual({
      ...plan,
      uidMap: everything,
      gidMap: everything,
    });
    const nested = planIds(specOf(), caller(ROOT, ROOT, '0 100000 65536\n70000 5 2\n'), undefined);
    expect(nested.uidMap).toBe('0 0 65536\n70000 70000 2\n');
    expect(nested.gidMap).toBe(nested.uidMap);
  });

  test('maps are written as the kernel reads them: inside, outside, how many', () => {
    const spec = specOf({
      users: [
        { container: 0, host: 100_000, size: 1000 },
        { container: 5000, host: 7, size: 1 },
      ],
      groups: [{ container: 0, host: 200_000, size: 10 }],
    });
    expect(planIds(spec, caller(ROOT, ROOT), RANGES)).toEqual({
      uidMap: '0 100000 1000\n5000 7 1\n',
      gidMap: '0 200000 10\n',
      denySetgroups: false,
      ...NO_HELPERS,
      idFile: '',
      idRuns: [],
      mappedMounts: true,
    });
  });

  test('owners need no mapping where every id is itself', () => {
    const spec = specOf({ users: [{ container: 0, host: 0, size: 10 }] });
    expect(planIds(spec, caller(ROOT, ROOT), RANGES)).toMatchObject({
      uidMap: '0 0 10\n',
      gidMap: '0 0 4294967295\n',
      mappedMounts: false,
    });
    const group = specOf({ groups: [{ container: 0, host: 9, size: 10 }] });
    expect(planIds(group, caller(ROOT, ROOT), RANGES).mappedMounts).toBe(true);
  });

  test('without a user namespace there is nothing to map', () => {
    const spec = specOf({ namespaces: { user: false } });
    expect(planIds(spec, caller(ROOT, ROOT), RANGES)).toMatchObject({
      uidMap: '',
      gidMap: '',
      idFile: '',
      mappedMounts: false,
    });
  });
});

describe('for an ordinary user', () => {
  test('the one id that the kernel lets them have is root, and setgroups is given up for it', () => {
    expect(planIds(specOf(), caller(USER, GROUP), RANGES)).toEqual({
      uidMap: '0 1000 1\n',
      gidMap: '0 1001 1\n',
      denySetgroups: true,
      ...NO_HELPERS,
      idFile: '',
      idRuns: [],
      mappedMounts: false,
    });
  });

  describe('with ids in /etc/subuid and /etc/subgid', () => {
    const subordinate = {
      users: [
        { first: 100_000, size: 65_536 },
        { first: 500_000, size: 10 },
      ],
      groups: [{ first: 200_000, size: 1000 }],
      newuidmap: '/usr/bin/newuidmap',
      newgidmap: '/usr/bin/newgidmap',
    };
    const owner = { ...caller(USER, GROUP), subordinate };
    const one = {
      users: [{ container: 0, host: USER, size: 1 }],
      groups: [{ container: 0, host: GROUP, size: 1 }],
    };

    test('those follow, and the programs that may map them do', () => {
      expect(planIds(specOf(), owner, RANGES)).toEqual({
        uidMap: '0 1000 1\n1 100000 65536\n65537 500000 10\n',
        gidMap: '0 1001 1\n1 200000 1000\n',
        denySetgroups: false,
        uidHelper: '/usr/bin/newuidmap',
        gidHelper: '/usr/bin/newgidmap',
        idFile: '',
        idRuns: [],
        mappedMounts: false,
      });
    });

    test('who asks for the one id gets that, and needs no program', () => {
      expect(planIds(specOf(one), owner, RANGES)).toMatchObject({
        uidMap: '0 1000 1\n',
        gidMap: '0 1001 1\n',
        denySetgroups: true,
        ...NO_HELPERS,
      });
      expect(planIds(specOf({ groups: one.groups }), owner, RANGES)).toMatchObject({
        denySetgroups: true,
        uidHelper: '/usr/bin/newuidmap',
        gidHelper: '',
      });
    });

    test('any part of them may be mapped', () => {
      const users = [
        { container: 0, host: 100_100, size: 5 },
        { container: 7, host: USER, size: 1 },
        { container: 9, host: 500_009, size: 1 },
      ];
      expect(planIds(specOf({ users }), owner, RANGES).uidMap).toBe('0 100100 5\n7 1000 1\n9 500009 1\n');
    });

    test.for([
      ['before', [{ container: 1, host: 99_999, size: 2 }], 'not 2 from 99999 on'],
      ['past the end', [{ container: 1, host: 165_535, size: 2 }], 'not 2 from 165535 on'],
      ['across two', [{ container: 1, host: 100_000, size: 400_010 }], 'not 400010 from 100000 on'],
      ['of a group', [{ container: 1, host: 200_000, size: 1 }], '100000-165535, 500000-500009'],
    ] as const)('%s is refused', ([, more, part]) => {
      const error = thrownBy(() => planIds(specOf({ users: [...one.users, ...more] }), owner, RANGES));
      expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'map ids' });
      expect(error.message).toContain(part);
      expect(error.hint).toContain('/etc/subuid');
    });

    test('a map without the user is refused: theirs is what it is made of', () => {
      const groups = [{ container: 0, host: 200_000, size: 10 }];
      const error = thrownBy(() => planIds(specOf({ groups }), owner, RANGES));
      expect(error.message).toContain('`groups` has to map host id 1001');
    });
  });

  test('their own id may have another number inside', () => {
    const spec = specOf({
      users: [{ container: 500, host: USER, size: 1 }],
      groups: [{ container: 501, host: GROUP, size: 1 }],
    });
    expect(planIds(spec, caller(USER, GROUP), RANGES)).toMatchObject({
      uidMap: '500 1000 1\n',
      gidMap: '501 1001 1\n',
    });
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
    const error = thrownBy(() => planIds(specOf(options), caller(USER, GROUP), RANGES));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'map ids' });
    expect(error.message).toContain(part);
    expect(error.hint).toContain('or run as root');
  });

  test('without a user namespace there is no container', () => {
    const error = thrownBy(() =>
      planIds(specOf({ namespaces: { user: false } }), caller(USER, GROUP), undefined),
    );
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
