import { describe, expect, test } from 'vitest';
import { ID_RANGE_SIZE, idRuns, type IdSources } from '../../src/ids/id-ranges.js';
import { thrownBy } from '../support/thrown.js';

const FIRST = 0x7000_0000;
const ALL = '0 0 4294967295\n';

function sources(changes: Partial<IdSources> = {}): IdSources {
  return {
    chosen: undefined,
    subuid: 'alice:100000:65536\n',
    subgid: 'alice:100000:65536\n',
    passwd: 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n',
    group: 'root:x:0:\n',
    ownUids: ALL,
    ownGids: ALL,
    ...changes,
  };
}

test('4096 ranges, above what anybody else gives out and below 2^31', () => {
  expect(idRuns(sources())).toEqual([{ first: FIRST, ranges: 4096 }]);
  expect(FIRST + 4096 * ID_RANGE_SIZE).toBe(2 ** 31);
});

describe('ranges with ids of somebody else are left out:', () => {
  const second = [
    { first: FIRST, ranges: 1 },
    { first: FIRST + 2 * ID_RANGE_SIZE, ranges: 4094 },
  ];
  test.for<readonly [string, Partial<IdSources>, unknown]>([
    ['a user', { passwd: `directory:x:${FIRST + ID_RANGE_SIZE}:1::/:/bin/sh` }, second],
    ['a group', { group: `directory:x:${FIRST + 2 * ID_RANGE_SIZE - 1}:` }, second],
    ['subordinate users', { subuid: `bob:${FIRST + ID_RANGE_SIZE + 5}:10` }, second],
    ['subordinate groups', { subgid: `# bob\nbob:${FIRST + ID_RANGE_SIZE}:65536` }, second],
    [
      'two ranges that one touches',
      { subuid: `bob:${FIRST + ID_RANGE_SIZE - 1}:2` },
      [{ first: FIRST + 2 * ID_RANGE_SIZE, ranges: 4094 }],
    ],
    ['all of them', { subuid: `bob:0:4294967295` }, []],
  ])('%s', ([, changes, wanted]) => {
    expect(idRuns(sources(changes))).toEqual(wanted);
  });
});

test('a process that has only some ids itself can give only those', () => {
  expect(idRuns(sources({ ownUids: '0 100000 65536\n' }))).toEqual([]);
  expect(idRuns(sources({ ownGids: `0 100000 65536\n${FIRST} 5 ${3 * ID_RANGE_SIZE}\n` }))).toEqual([
    { first: FIRST, ranges: 3 },
  ]);
});

describe('an administrator', () => {
  test('gives ids in /etc/subuid and /etc/subgid: what both have', () => {
    const subuid = 'alice:100000:65536\ncontainerv:2000000:1000000\n';
    expect(idRuns(sources({ subuid, subgid: 'containerv:2000000:200000' }))).toEqual([
      { first: 2_000_000, ranges: 3 },
    ]);
    expect(idRuns(sources({ subuid }))).toEqual([]);
  });

  test('chooses them for one program', () => {
    const chosen = '300000:140000';
    expect(idRuns(sources({ chosen, subuid: 'containerv:2000000:1000000' }))).toEqual([
      { first: 300_000, ranges: 2 },
    ]);
    expect(idRuns(sources({ chosen: '100000:200000' }))).toEqual([{ first: 165_536, ranges: 2 }]);
  });

  test.for([
    '0:65536',
    '65536',
    '65536:',
    '65536:65535',
    '2147418113:65536',
    'a:b',
    '1:1:1',
    '-1:65536',
    ' ',
  ])('not as %j', (chosen) => {
    const error = thrownBy(() => idRuns(sources({ chosen })));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_INVALID_OPTION', step: 'map ids' });
    expect(error.hint).toContain('FIRST');
  });
});
