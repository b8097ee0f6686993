import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerOptions } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { unavoidableGroups } from '../support/confinement.js';
import { small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { describeAsRoot, describeAsUser } from '../support/privilege.js';
import { probe } from '../support/probe.js';
import { makeRoot } from '../support/root.js';

type User = ContainerOptions['user'];

interface Ids {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

async function idsOf(options: ContainerOptions, user?: User): Promise<Ids> {
  await using container = await small(options);
  const seen = await probe(container, user === undefined ? {} : { user });
  // Real, effective and saved: nothing to go back to.
  expect(new Set(seen.uids).size).toBe(1);
  expect(new Set(seen.gids).size).toBe(1);
  return { uid: seen.uids[0] ?? -1, gid: seen.gids[0] ?? -1, groups: [...seen.groups].sort((a, b) => a - b) };
}

const FORMS: readonly (readonly [User, Ids])[] = [
  ['root', { uid: 0, gid: 0, groups: [10] }],
  ['builder', { uid: 1000, gid: 1000, groups: [29, 44] }],
  ['guest', { uid: 1001, gid: 100, groups: [29, 44] }],
  ['builder:users', { uid: 1000, gid: 100, groups: [] }],
  ['builder:5', { uid: 1000, gid: 5, groups: [] }],
  // A number is an id, whatever a hostile /etc/passwd calls itself (CVE-2016-3697).
  ['1234', { uid: 1234, gid: 0, groups: [] }],
  [1234, { uid: 1234, gid: 0, groups: [] }],
  [1000, { uid: 1000, gid: 1000, groups: [] }],
  ['1001', { uid: 1001, gid: 100, groups: [] }],
  ['4711:4712', { uid: 4711, gid: 4712, groups: [] }],
  ['1', { uid: 1, gid: 0, groups: [] }],
  [0, { uid: 0, gid: 0, groups: [] }],
  [
    { uid: 1, gid: 2 },
    { uid: 1, gid: 2, groups: [] },
  ],
  [
    { uid: 7, gid: 8, groups: [9, 10, 5] },
    { uid: 7, gid: 8, groups: [5, 9, 10] },
  ],
  [
    { uid: 0, gid: 0, groups: [] },
    { uid: 0, gid: 0, groups: [] },
  ],
  [
    { uid: 65_535, gid: 65_535 },
    { uid: 65_535, gid: 65_535, groups: [] },
  ],
];

describeAsRoot('the user of a process', () => {
  describe.for([true, false])('user namespace %s', (user) => {
    test.for(FORMS)('%o', async ([form, wanted]) => {
      expect(await idsOf({ namespaces: { user } }, form)).toEqual(wanted);
    });
  });

  test('the container’s, unless the process has its own', async () => {
    expect(await idsOf({ user: 'builder' })).toEqual({ uid: 1000, gid: 1000, groups: [29, 44] });
    expect(await idsOf({ user: 'builder' }, 'guest')).toMatchObject({ uid: 1001, gid: 100 });
    expect(await idsOf({ user: 'builder' }, 0)).toMatchObject({ uid: 0, gid: 0 });
  });

  test('who is not root has no capabilities', async () => {
    await using container = await small();
    const seen = await probe(container, { user: 'builder' });
    const sets = ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].map((set) => seen.statusField(set));
    expect(sets).toEqual(Array(4).fill('0'.repeat(16)));
    expect(seen.statusField('Seccomp')).toBe('2');
  });

  test.for<readonly [User, string, RegExp]>([
    ['nobody-here', "No user 'nobody-here'", /\/etc\/passwd/],
    // No number to us, so a name (CVE-2026-30892).
    ['0x1', "No user '0x1'", /\/etc\/passwd/],
    ['builder:no-such-group', "No group 'no-such-group'", /\/etc\/group/],
    // Their lines in /etc/passwd are no accounts: too few fields, ids that mean something else.
    ['broken', "No user 'broken'", /\/etc\/passwd/],
    ['huge', "No user 'huge'", /\/etc\/passwd/],
  ])('%s is not found', async ([user, message, hint]) => {
    await using container = await small();
    await failure(container.run('true', [], { user }), {
      code: 'ERR_CONTAINERV_NOT_FOUND',
      step: 'become user',
      message: new RegExp(message),
      hint,
    });
  });

  test('/etc/passwd and /etc/group as large as they like, or as no files at all, harm nobody', async () => {
    const rootfs = makeRoot();
    writeFileSync(path.join(rootfs, 'etc/passwd'), 'x'.repeat(2 ** 21));
    await using container = await small({ rootfs });
    await failure(container.run('true', [], { user: 'builder' }), {
      code: 'ERR_CONTAINERV_SYSTEM',
      errno: 'EFBIG',
    });
    rmSync(path.join(rootfs, 'etc/passwd'));
    symlinkSync('/proc/self/mem', path.join(rootfs, 'etc/passwd'));
    await using linked = await small({ rootfs });
    await failure(linked.run('true', [], { user: 'builder' }), { code: /^ERR_CONTAINERV_/ });
  });
});

describe('ids that are none', () => {
  test.for<readonly [unknown]>([
    [-1],
    [1.5],
    [2 ** 31],
    [2 ** 32 - 1],
    ['4294967295'],
    ['2147483648'],
    ['1:'],
    [':1'],
    ['a b'],
    ['a:b:c'],
    [''],
    [{ uid: 1 }],
    [{ uid: 1, gid: 1, group: 3 }],
    [{ uid: 1, gid: 2 ** 31 }],
    [{ uid: 0, gid: 0, groups: [2 ** 32 - 1] }],
  ])('%o is refused before anything happens', async ([user]) => {
    await failure(small({ user: user as User }), { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /user/ });
  });
});

describeAsUser('the user of a process, without root', () => {
  test('is the container’s root', async () => {
    const { groups, ...ids } = await idsOf({});
    expect(ids).toEqual({ uid: 0, gid: 0 });
    expect(groups.filter((group) => !unavoidableGroups.includes(group))).toEqual([]);
  });

  test('an id that is not mapped says what is missing', async () => {
    await using container = await small({
      users: [{ container: 0, host: process.getuid?.() ?? 0, size: 1 }],
      groups: [{ container: 0, host: process.getgid?.() ?? 0, size: 1 }],
    });
    await failure(container.run('true', [], { user: 1000 }), {
      code: 'ERR_CONTAINERV_SYSTEM',
      step: 'become user',
      errno: 'EINVAL',
      hint: /mapped in the user namespace/,
    });
  });
});
