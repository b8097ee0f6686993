import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Container, createContainer, isContainervError, listContainers } from 'containerv-linux';
import { afterEach, describe, expect, test } from 'vitest';
import { attempt, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { describeAsRoot, describeAsUser } from '../support/privilege.js';
import { probe } from '../support/probe.js';
import { startProgram } from '../support/program.js';
import { pruneAll } from '../support/remains.js';
import { makeRoot, sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';

const SIZE = 65_536;
const UNMAPPED = 'needs a host whose own directories may be mounted with ids mapped';

function firstOf(container: Container): number {
  const { users, groups, mappedMounts } = container.enforced.ids ?? {};
  expect(users).toEqual([{ container: 0, host: expect.any(Number) as number, size: SIZE }]);
  expect(groups).toEqual(users);
  expect(mappedMounts).toBe(true);
  return users?.[0]?.host ?? 0;
}

async function hostUidOf(id: string): Promise<string | undefined> {
  const pid = (await listContainers()).find((listed) => listed.id === id)?.initPid;
  return /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
}

function owned(name: string, uid: number, directory: string): string {
  const file = path.join(directory, name);
  writeFileSync(file, '');
  chownSync(file, uid, uid);
  return file;
}

/** `name uid gid`, as seen inside. */
async function ownersIn(container: Container, directory: string): Promise<string[]> {
  const { stdout } = await container.run('sh', ['-c', `cd ${directory} && stat -c '%n %u %g' -- *`]);
  return stdout.trim().split('\n');
}

describeAsRoot('a container of root', () => {
  afterEach(() => {
    delete process.env['CONTAINERV_ID_RANGE'];
  });

  test('has ids of its own: its root is nobody on the host', async () => {
    await using container = await small();
    const first = firstOf(container);
    expect(first).toBeGreaterThanOrEqual(SIZE);
    const seen = await probe(container);
    expect(seen.uids).toEqual([0, 0, 0]);
    expect(seen.uid_map.trim().split(/\s+/).map(Number)).toEqual([0, first, SIZE]);
    expect(seen.setgroups.trim()).toBe('allow');
    expect(await hostUidOf(container.id)).toBe(String(first));
  });

  test('shares them with no other, of whatever program', async () => {
    const program = startProgram('hold', ['{}', '{}'], { env: { ROOTFS: sharedRoot() } });
    await program.said('all');
    const own = await Promise.all(Array.from({ length: 20 }, async () => small()));
    const uids = await Promise.all((await listContainers()).map(async ({ id }) => hostUidOf(id)));
    expect(uids).toHaveLength(22);
    expect(new Set(uids).size).toBe(22);
    await Promise.all(own.map(async (container) => container.destroy()));
    program.child.kill('SIGKILL');
    await program.ended;
    await pruneAll();
  });

  test('gives them back when it is destroyed, and when its owner is killed', async () => {
    const range = '1500000000:65536';
    process.env['CONTAINERV_ID_RANGE'] = range;
    const container = await small();
    expect(firstOf(container)).toBe(1_500_000_000);
    await failure(small(), {
      code: 'ERR_CONTAINERV_STATE',
      step: 'take ids',
      errno: 'EUSERS',
      hint: /\/etc\/subuid.*CONTAINERV_ID_RANGE/,
    });
    await container.destroy();
    const program = startProgram('hold', ['{}'], {
      env: { ROOTFS: sharedRoot(), CONTAINERV_ID_RANGE: range },
    });
    await program.said('all');
    await failure(small(), { code: 'ERR_CONTAINERV_STATE', step: 'take ids' });
    program.child.kill('SIGKILL');
    await program.ended;
    await eventually(async () => (await small()).destroy());
    await pruneAll();
  });

  test('keeps them while it is stopped and started', async () => {
    process.env['CONTAINERV_ID_RANGE'] = '1500000000:65536';
    await using container = await createContainer();
    await container.run('sh', ['-c', 'echo kept > /root/file; chown 1000:1001 /root/file']);
    await container.stop({ timeout: 0 });
    await container.start();
    expect(await ownersIn(container, '/root')).toEqual(['file 1000 1001']);
  });

  test('sees files with the owners that they have on disk, and leaves them so', async ({ skip }) => {
    const source = scratchPath('owners');
    mkdirSync(source);
    for (const uid of [0, 1000, 65_535, 65_536]) owned(`of-${uid}`, uid, source);
    await using container = await createContainer({
      mounts: [
        { source, target: '/workspace' },
        { source: path.join(source, 'of-1000'), target: '/mnt/one' },
      ],
    });
    skip(container.enforced.ids?.mappedMounts === false, UNMAPPED);
    expect(await ownersIn(container, '/workspace')).toEqual([
      'of-0 0 0',
      'of-1000 1000 1000',
      'of-65535 65535 65535',
      'of-65536 65534 65534',
    ]);
    expect(await ownersIn(container, '/mnt')).toEqual(['one 1000 1000']);
    const script = 'touch made; echo x > of-1000; touch theirs; chown 7:8 theirs; chmod u+s theirs';
    await container.run('sh', ['-c', script], { cwd: '/workspace' });
    const made = ['made', 'of-1000', 'theirs'].map((name) => statSync(path.join(source, name)));
    expect(made.map(({ uid, gid }) => [uid, gid])).toEqual([
      [0, 0],
      [1000, 1000],
      [7, 8],
    ]);
    // Of somebody that it does not have.
    const refused = await container.run('chown', ['0', '/workspace/of-65536'], { reject: false });
    expect(refused).toMatchObject({ exitCode: 1, stderr: /Operation not permitted/ });
  });

  test('sees layers so too, and a root that it writes to directly', async () => {
    const layer = scratchPath('layer');
    mkdirSync(path.join(layer, 'srv'), { recursive: true });
    owned('theirs', 1000, path.join(layer, 'srv'));
    const tools = { source: '/usr', target: '/usr', readonly: true } as const;
    const rootfs = makeRoot();
    for (const name of ['usr', 'lib64', 'lib']) mkdirSync(path.join(rootfs, name));
    const mounts = [
      tools,
      { ...tools, source: '/usr/lib64', target: '/lib64' },
      { ...tools, source: '/usr/lib', target: '/lib' },
    ];
    const run = async (container: Container, script: string): Promise<string> =>
      (await container.run('/usr/bin/sh', ['-c', script])).stdout.trim();
    {
      const layers = [
        { type: 'directory', source: rootfs },
        { type: 'directory', source: layer },
      ] as const;
      await using container = await small({ layers, mounts });
      expect(
        await run(container, "echo >> /srv/theirs; /usr/bin/stat -c '%u %g' /srv/theirs /srv /bin"),
      ).toBe('1000 1000\n0 0\n0 0');
    }
    await using container = await small({ rootfs, writable: 'direct', mounts });
    await run(container, 'echo > /srv/made; /usr/bin/chown 5:6 /srv/made');
    expect(statSync(path.join(rootfs, 'srv/made'))).toMatchObject({ uid: 5, gid: 6 });
  });

  test('is shown what lies below directories that are closed to others', async () => {
    const home = scratchPath('home');
    const source = path.join(home, 'project');
    mkdirSync(source, { recursive: true });
    chownSync(home, 1001, 1001);
    chmodSync(home, 0o700);
    await using container = await small({ mounts: [{ source, target: '/project' }] });
    firstOf(container);
    expect(await attempt(container, [['create', '/project/made']])).toEqual(['ok']);
  });

  test('has the host’s ids when a file system has no idmapped mounts, and says so', async () => {
    const container = await small({ mounts: [{ source: '/proc/sys', target: '/srv', readonly: true }] });
    const warnings: unknown[] = [];
    container.on('warning', (warning) => warnings.push(warning));
    await turn();
    expect(container.enforced.ids).toMatchObject({ mappedMounts: false, users: [{ container: 0, host: 0 }] });
    const told = warnings.filter(
      (warning) => isContainervError(warning) && /ids.*\/proc\/sys/.test(warning.message),
    );
    expect(told).toHaveLength(1);
    await container.destroy();
    await using other = await small();
    firstOf(other);
  });

  test('may have the ids that it is given instead, with owners mapped as well', async ({ skip }) => {
    const plain = await createContainer();
    await plain.destroy();
    skip(plain.enforced.ids?.mappedMounts === false, UNMAPPED);
    const map = [{ container: 0, host: 1_400_000_000, size: 1001 }];
    await using container = await createContainer({ users: map, groups: map });
    expect(container.enforced.ids).toEqual({ users: map, groups: map, mappedMounts: true });
    const { stdout } = await container.run('sh', [
      '-c',
      'touch /root/x && stat -c %u /root/x /usr /etc/passwd',
    ]);
    expect(stdout).toBe('0\n0\n0\n');
    await failure(container.run('true', [], { user: 1001 }), {
      code: 'ERR_CONTAINERV_SYSTEM',
      step: 'become user',
      errno: 'EINVAL',
    });
  });

  test.for(['0:65536', 'x'])('CONTAINERV_ID_RANGE=%s is refused', async (range) => {
    process.env['CONTAINERV_ID_RANGE'] = range;
    await failure(small(), { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /CONTAINERV_ID_RANGE/ });
  });
});

describeAsUser('a container of an ordinary user', () => {
  test('has that user for root, and files are whose they are', async () => {
    await using container = await small();
    const host = process.getuid?.() ?? 0;
    expect(container.enforced.ids?.users).toContainEqual({ container: 0, host, size: 1 });
    expect(container.enforced.ids?.mappedMounts).toBe(false);
  });
});

describe('without a user namespace', () => {
  test.skipIf(process.getuid?.() !== 0)('there are no ids to tell', async () => {
    await using container = await small({ namespaces: { user: false } });
    expect(container.enforced.ids).toBeUndefined();
  });
});
