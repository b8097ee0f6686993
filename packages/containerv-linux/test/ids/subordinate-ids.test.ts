import { describe, expect, test } from 'vitest';
import {
  findSubordinateIds,
  type FoundSubordinateIds,
  type Subordinate,
} from '../../src/ids/subordinate-ids.js';

const ANY = (): boolean => true;

function find(texts: Partial<Subordinate>, mayExecute: (file: string) => boolean = ANY): FoundSubordinateIds {
  const user = { uid: 1000, gid: 1001, name: 'ann', subuid: '', subgid: 'ann:300000:5\n' };
  return findSubordinateIds({ ...user, ...texts }, mayExecute);
}

function usersOf(subuid: string): unknown {
  const found = find({ subuid });
  return 'ids' in found ? found.ids.users : found.lack.what;
}

test('what a user has: the lines of both files, and the programs where the system has them', () => {
  const subuid = 'bob:100000:65536\nann:165536:65536\n';
  expect(find({ subuid }, (file) => file.startsWith('/usr/bin/'))).toEqual({
    ids: {
      users: [{ first: 165_536, size: 65_536 }],
      groups: [{ first: 300_000, size: 5 }],
      newuidmap: '/usr/bin/newuidmap',
      newgidmap: '/usr/bin/newgidmap',
    },
  });
});

describe('lines', () => {
  test.for<readonly [what: string, subuid: string, firsts: readonly number[]]>([
    ['by number', '1000:100000:10\n', [100_000]],
    ['several, in their order', 'ann:500000:10\nann:100000:10\n1000:200000:1', [500_000, 100_000, 200_000]],
    ['not of another whose name begins alike', 'anna:100000:10\nan:200000:10\nann:300000:10\n', [300_000]],
    ['not with root of the host', 'ann:0:10\nann:300000:10\n', [300_000]],
    ['not with the user', 'ann:999:2\nann:1000:1\nann:1001:5\n', [1001]],
    ['not twice', 'ann:100000:10\nann:100009:10\nann:100010:10\n', [100_000, 100_010]],
    ['not beyond what is an id', 'ann:2147483647:2\nann:99999999999:1\nann:2147483647:1\n', [2_147_483_647]],
    ['not more ids than there are inside', 'ann:100000:2147383648\n', [100_000]],
    [
      'nothing that is none',
      '# ann:1:2\n\nann:x:10\nann:100000:0\nann:100000:-5\nann:200000:7 \n',
      [200_000],
    ],
  ])('%s', ([, subuid, firsts]) => {
    expect((usersOf(subuid) as { first: number }[]).map(({ first }) => first)).toEqual(firsts);
  });

  test('a map holds 340', () => {
    const many = Array.from({ length: 500 }, (_, index) => `ann:${100_000 + index * 2}:1`).join('\n');
    expect(usersOf(many)).toHaveLength(339);
  });
});

describe('what is missing', () => {
  test.for(['newuidmap', 'newgidmap'])('%s', (program) => {
    const found = find({ subuid: 'ann:100000:5\n' }, (file) => !file.endsWith(program));
    expect(found).toEqual({
      lack: { what: `\`${program}\` is not installed`, fix: 'sudo apt-get install uidmap' },
    });
  });

  test.for([
    ['/etc/subuid', { subuid: '' }],
    ['/etc/subgid', { subuid: 'ann:100000:5\n', subgid: 'bob:100000:5\n' }],
  ] as const)('a line in %s', ([file, texts]) => {
    const found = find(texts);
    expect(found).toMatchObject({ lack: { what: `${file} has no line of ann` } });
    expect('lack' in found && found.lack.fix).toMatch(/^sudo usermod --add-subuids .* ann$/);
  });

  test.for([
    ['', '', 100_000],
    ['bob:100000:65536\n', 'eve:200000:65536\n', 265_536],
    ['bob:1:2\n# eve:900000:10\n', '', 100_000],
    // As far as there are ids behind it.
    ['bob:2147400000:65536\nbob:300000:1\n', '', 300_001],
  ] as const)('is given ids behind those of others: %j %j', ([subuid, subgid, first]) => {
    const found = find({ subuid, subgid });
    const range = `${first}-${first + 65_535}`;
    expect('lack' in found && found.lack.fix).toBe(
      `sudo usermod --add-subuids ${range} --add-subgids ${range} ann`,
    );
  });
});
