import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { type Container, createContainer, joinContainer, probeHost, pruneContainers } from 'containerv-linux';
import { afterAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { startProgram } from '../support/program.js';
import { remainsOf } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { isRoot } from '../support/suite.js';

function firstOf(file: string): number {
  const { username, uid } = userInfo();
  if (!existsSync(file)) return 0;
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .map((text) => text.split(':'))
    .find(([owner]) => owner === username || owner === String(uid));
  return Number(line?.[1] ?? 0);
}

function lack(): string | undefined {
  if (isRoot) return 'needs an ordinary user, this is root';
  for (const program of ['newuidmap', 'newgidmap'])
    if (spawnSync(program).error !== undefined) return `needs ${program}, of the package uidmap`;
  return firstOf('/etc/subuid') > 0 && firstOf('/etc/subgid') > 0
    ? undefined
    : 'needs lines of this user in /etc/subuid and /etc/subgid';
}

const missing = lack();

describe.skipIf(missing !== undefined)(
  `ids of /etc/subuid and /etc/subgid${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const users = missing === undefined ? firstOf('/etc/subuid') : 0;
    const groups = missing === undefined ? firstOf('/etc/subgid') : 0;

    async function sh(container: Container, command: string, user: string | number = 0): Promise<string> {
      const { stdout } = await container.run('sh', ['-ec', command], { user });
      return stdout.trim();
    }

    test('follow the user, who is root', async () => {
      await using container = await createContainer();
      const { ids } = container.enforced;
      expect(ids?.users.slice(0, 2)).toMatchObject([
        { container: 0, host: own.uid, size: 1 },
        { container: 1, host: users },
      ]);
      expect(ids?.groups.slice(0, 2)).toMatchObject([
        { container: 0, host: own.gid, size: 1 },
        { container: 1, host: groups },
      ]);
      expect(ids?.mappedMounts).toBe(false);
      expect(await sh(container, 'id -u; id -g; id -G', 5)).toMatch(/^5\n\d+\n/);
    });

    test('own files, which outlive nothing but a snapshot and a download of them', async () => {
      const target = scratchPath('subordinate-layer');
      const copy = scratchPath('subordinate-copy');
      const container = await createContainer();
      const remains = (): string[] => remainsOf(container.id);
      try {
        await sh(
          container,
          'mkdir -p /srv/of && echo text > /srv/of/file && chown -R 7:8 /srv/of && chmod 700 /srv/of',
        );
        await sh(
          container,
          'mkdir -m 500 /srv/of/deep && echo more > /srv/of/deep/file 2>/dev/null || true',
          7,
        );
        expect(await container.changes()).toContainEqual({ path: '/srv/of/file', kind: 'added' });
        await container.snapshot(target);
        const { uid, gid } = statSync(path.join(target, 'srv/of'));
        expect({ uid, gid }).toEqual({ uid: users + 6, gid: groups + 7 });
        await container.download([{ from: '/srv/of', to: copy }]);
        expect(readFileSync(path.join(copy, 'file'), 'utf8')).toBe('text\n');
        await container.upload([{ from: copy, to: '/srv/again' }]);
        expect(await sh(container, 'cat /srv/again/file')).toBe('text');
      } finally {
        await container.destroy();
      }
      expect(remains()).toEqual([]);
      // Ours to remove only from inside.
      await using cleaner = await createContainer({
        mounts: [{ type: 'bind', source: target, target: '/mnt', readonly: false }],
      });
      await sh(cleaner, 'test "$(stat -c %u:%g /mnt/srv/of)" = 7:8; rm -rf /mnt/*');
      rmSync(target, { recursive: true });
    });

    test('what a crashed program left of theirs is removed too', async () => {
      const maker = startProgram('subordinate-owner', [], { env: { ROOTFS: sharedRoot() } });
      const id = await maker.said('made');
      maker.child.kill('SIGKILL');
      await eventually(async () => {
        await pruneContainers();
        expect(remainsOf(id)).toEqual([]);
      });
    });

    test('and of a stopped one, by who joined it', async () => {
      await using made = await createContainer({ detached: true });
      await sh(made, 'mkdir -p /srv/of && touch /srv/of/file && chown -R 7:8 /srv/of');
      await made.stop({ timeout: 0 });
      await made.start();
      expect(await sh(made, 'stat -c %u:%g /srv/of/file', 7)).toBe('7:8');
      const joined = await joinContainer(made.id);
      expect(joined.enforced.ids).toEqual(made.enforced.ids);
      await joined.destroy();
      await made.destroy();
      expect(remainsOf(made.id)).toEqual([]);
    });

    test('maps that are given are of those, and nothing else', async () => {
      const map = [
        { container: 0, host: own.uid, size: 1 },
        { container: 500, host: users + 3, size: 2 },
      ];
      await using container = await createContainer({ users: map });
      expect(container.enforced.ids?.users).toEqual(map);
      expect(await sh(container, 'id -u', 501)).toBe('501');
      await failure(createContainer({ users: [...map, { container: 1, host: users - 1, size: 1 }] }), {
        code: 'ERR_CONTAINERV_UNSUPPORTED',
        step: 'map ids',
        message: new RegExp(String(users)),
        hint: /doctor/,
      });
    });

    test('doctor tells of them', async () => {
      const { checks } = await probeHost();
      expect(checks.find(({ name }) => name === 'ids of users')).toMatchObject({ status: 'ok' });
    });

    afterAll(async () => {
      await pruneContainers();
    });
  },
);
