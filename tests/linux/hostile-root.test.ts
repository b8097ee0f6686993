import { lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { isContainervError } from 'containerv-api';
import type { ContainerOptions } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { small } from '../support/container.js';
import { makeDecoy } from '../support/decoy.js';
import { mountsBesideTests } from '../support/host-snapshot.mjs';
import { probe } from '../support/probe.js';
import { makeRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { isRoot } from '../support/suite.js';

const PLACES = [
  '/proc',
  '/sys',
  '/dev',
  '/dev/null',
  '/dev/pts',
  '/dev/shm',
  '/tmp',
  '/etc',
  '/etc/hostname',
  '/etc/hosts',
  '/etc/resolv.conf',
  '/srv',
] as const;

/** Ways to write a link to a host directory: as it is, and relative with more `..` than there are directories. */
const FORMS = {
  'to a host directory': (target: string) => target,
  'to a host directory, relative': (target: string) => `${'../'.repeat(40)}${target.slice(1)}`,
  'to a host directory through the container’s proc': (target: string) => `/proc/1/root${target}`,
  'that leads nowhere': () => 'no-such-name',
  // Nothing of the host, and still not what stands there (CVE-2019-19921).
  'to a directory of the root': () => '/home/builder',
} as const;

function hostileRoot(place: string, link: string): string {
  const root = makeRoot('hostile');
  const where = path.join(root, path.normalize(place));
  rmSync(where, { recursive: true, force: true });
  mkdirSync(path.dirname(where), { recursive: true });
  symlinkSync(link, where);
  return root;
}

/** Makes it, looks around, and destroys it; or is refused with a typed error. */
async function tryContainer(options: ContainerOptions): Promise<'refused' | 'contained'> {
  let container;
  try {
    container = await small(options);
  } catch (error) {
    if (!isContainervError(error)) throw error;
    return 'refused';
  }
  await using made = container;
  const seen = await probe(made);
  expect(seen.mountAt('/proc')?.type).toBe('proc');
  expect(seen.mountAt('/sys')?.type).toBe('sysfs');
  expect(seen.mountAt('/dev')?.type).toBe('tmpfs');
  expect(seen.devices['null']).toMatchObject({ type: 'character', major: 1, minor: 3 });
  expect([...seen.processes].sort((a, b) => a - b)).toEqual([1, seen.pid]);
  await made.run('attempt', [
    'write',
    '/tmp/x',
    'x',
    'write',
    '/srv/x',
    'x',
    'write',
    '/etc/x',
    'x',
    'write',
    '/dev/shm/x',
    'x',
  ]);
  return 'contained';
}

describe.for(Object.keys(FORMS) as (keyof typeof FORMS)[])('a link, %s', (form) => {
  describe.for(['overlay', 'direct', false] as const)('writable %s', (writable) => {
    test.for(PLACES)('at %s is refused or contained', async (place) => {
      const decoy = makeDecoy();
      const before = decoy.describe();
      const mounts = mountsBesideTests();
      const target =
        path.basename(place) in { null: 0, hostname: 0, hosts: 0, 'resolv.conf': 0 }
          ? path.join(decoy.directory, path.basename(place))
          : decoy.directory;
      const rootfs = hostileRoot(place, FORMS[form](target));
      const outcome = await tryContainer({ rootfs, writable });
      expect(decoy.describe()).toEqual(before);
      expect(mountsBesideTests()).toEqual(mounts);
      if (['/proc', '/sys', '/dev'].includes(place)) expect(outcome).toBe('refused');
    });
  });
});

describe('mount targets', () => {
  test.for(isRoot ? [true, false] : [true])(
    'that lead through links stay in the root (user namespace %s)',
    async (user) => {
      const decoy = makeDecoy();
      const before = decoy.describe();
      const rootfs = makeRoot();
      symlinkSync(decoy.directory, path.join(rootfs, 'srv/absolute'));
      symlinkSync(`${'../'.repeat(40)}${decoy.directory.slice(1)}`, path.join(rootfs, 'srv/relative'));
      symlinkSync('/home', path.join(rootfs, 'srv/inside'));
      const source = scratchPath('source');
      mkdirSync(source);
      for (const [target, wanted] of [
        ['/srv/inside', '/home'],
        ['/srv/inside/new', '/home/new'],
        // A link to where there is nothing, inside the root: nothing is made through it.
        ['/srv/absolute', undefined],
        ['/srv/relative/sub', undefined],
        ['/srv/absolute/new/deep', undefined],
      ] as const) {
        const mounts = [{ source, target }];
        if (wanted === undefined) {
          const outcome = await tryContainer({ rootfs, mounts, namespaces: { user } });
          expect([target, outcome]).toEqual([target, 'refused']);
        } else {
          await using container = await small({ rootfs, mounts, namespaces: { user } });
          const seen = await probe(container);
          expect(seen.mounts.map(({ point }) => point)).toContain(wanted);
        }
      }
      expect(decoy.describe()).toEqual(before);
    },
  );

  test('in the root directory itself (`direct`) make nothing outside of it', async () => {
    const decoy = makeDecoy();
    const before = decoy.describe();
    const rootfs = makeRoot();
    symlinkSync(decoy.directory, path.join(rootfs, 'srv/link'));
    const mounts = [{ type: 'tmpfs', target: '/srv/link/sub/made' }] as const;
    await tryContainer({ rootfs, mounts, writable: 'direct' });
    expect(decoy.describe()).toEqual(before);
    expect(lstatSync(path.join(rootfs, 'srv/link')).isSymbolicLink()).toBe(true);
  });
});

describe('/etc/passwd and a working directory that are links to the host', () => {
  test('are looked up in the root', async () => {
    const decoy = makeDecoy();
    const rootfs = makeRoot();
    rmSync(path.join(rootfs, 'etc/passwd'));
    symlinkSync(path.join(decoy.directory, 'passwd'), path.join(rootfs, 'etc/passwd'));
    symlinkSync(decoy.directory, path.join(rootfs, 'srv/cwd'));
    await using container = await small({ rootfs });
    await expect(container.run('true', [], { user: 'decoy' })).rejects.toMatchObject({ step: 'become user' });
    await expect(container.run('true', [], { cwd: '/srv/cwd' })).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_NOT_FOUND',
    });
  });
});
