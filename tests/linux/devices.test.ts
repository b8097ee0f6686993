import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Container, createContainer, joinContainer } from 'containerv-linux';
import { type DeviceAccess, type DeviceNode, linuxErrnoName } from 'containerv-api';
import { createPolicy } from 'containerv-policy';
import { expect, test } from 'vitest';
import { attempt, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { containerGroups } from '../support/host-snapshot.mjs';
import { describeAsRoot, describeAsUser } from '../support/privilege.js';
import { scratchPath } from '../support/scratch.js';
import { program } from '../support/suite.js';

/** For local use (Documentation/admin-guide/devices.txt): who may open such a device is told that nobody drives it. */
const LOCAL = 60;
const ASKED = 'ENXIO';
const onController = /:(?:.*,)?devices(?:,.*)?:/m.test(readFileSync('/proc/self/cgroup', 'utf8'));
const hostFilter = onController ? 'v1' : 'v2';

/** The group that the kernel asks by. */
function filterGroup({ id }: Container): string {
  const groups = containerGroups().filter((group) => group.endsWith(`/${id}`));
  const [found] = onController ? groups.filter((group) => group.includes('devices')) : groups;
  if (found === undefined) throw new Error(`${id} has no group`);
  return found;
}

/** Type, numbers in hexadecimal, mode and owner, as stat(1) prints them. */
const FORMAT = '%F %t:%T %a %u:%g';
const STANDARD = new Set(['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx', 'log']);

/** A device of this host that containers do not have. */
const hostDevice = readdirSync('/dev')
  .filter((name) => !STANDARD.has(name))
  .map((name) => path.join('/dev', name))
  .find((file) => statSync(file, { throwIfNoEntry: false })?.isCharacterDevice() === true);

describeAsRoot('devices of root', () => {
  test.for([true, false])('nodes that are asked for, with a user namespace: %s', async (user) => {
    await using container = await createContainer({
      namespaces: { user },
      devices: [
        { path: '/dev/deep/zero', type: 'c', major: 1, minor: 5, fileMode: 0o640, uid: 5, gid: 6 },
        { path: '/dev/other', type: 'u', major: 1, minor: 3 },
        { path: '/dev/queue', type: 'p', fileMode: 0o600 },
      ],
    });
    const seen = await container.run('stat', ['-c', FORMAT, '/dev/deep/zero', '/dev/other', '/dev/queue']);
    expect(seen.stdout.trim().split('\n')).toEqual([
      'character special file 1:5 640 5:6',
      'character special file 1:3 666 0:0',
      'fifo 0:0 600 0:0',
    ]);
    const read = await container.run('head', ['-c', '4', '/dev/deep/zero'], { user: '5:6' });
    expect(read.stdout).toBe('\0\0\0\0');
    const denied = await container.run('head', ['-c', '4', '/dev/deep/zero'], { user: '7:7', reject: false });
    expect(denied.stderr).toMatch(/Permission denied/);
  });

  test('nobody inside can change or remove them, or make others', async () => {
    const devices = [{ path: '/dev/x', type: 'c', major: 1, minor: 5 }] as const;
    await using container = await small({ devices, namespaces: { user: false } });
    expect(
      await attempt(container, [
        ['read', '/dev/x'],
        ['chmod', '/dev/x', '777'],
        ['unlink', '/dev/x'],
        ['device', '/dev/y'],
      ]),
    ).toEqual(['ok', 'EROFS', 'EBUSY', 'EPERM']);
  });

  test('each can be opened as it was asked for, and not otherwise', async () => {
    const numbered = (minor: number, access: DeviceAccess, type: 'b' | 'c' = 'c'): DeviceNode => ({
      path: `/dev/${type}${minor}`,
      type,
      major: LOCAL,
      minor,
      access,
    });
    const devices = [numbered(7, 'r'), numbered(8, 'w'), numbered(9, 'rw'), numbered(7, 'w', 'b')];
    await using container = await small({ devices });
    expect(container.enforced.deviceFilter).toBe(hostFilter);
    const paths = devices.map(({ path: name }) => name);
    expect(
      await attempt(
        container,
        paths.map((name) => ['open-read', name]),
      ),
    ).toEqual([ASKED, 'EPERM', ASKED, 'EPERM']);
    expect(
      await attempt(
        container,
        paths.map((name) => ['open-write', name]),
      ),
    ).toEqual(['EPERM', ASKED, ASKED, ASKED]);
  });

  test('who may make nodes makes none but what overlays mark deletions by', async () => {
    const policy = createPolicy('build').setCapabilities(['CAP_MKNOD']).addSyscalls(['mknod', 'mknodat']);
    await using container = await small({ policy, namespaces: { user: false } });
    expect(container.enforced.capabilities).toEqual(['CAP_MKNOD']);
    expect(
      await attempt(container, [
        ['device', '/tmp/null'],
        ['mark', '/tmp/mark'],
      ]),
    ).toEqual(['EPERM', 'ok']);
  });

  // As one on a mount where nodes work would be, that somebody shows the container or that it comes by.
  test('a node from elsewhere opens only what the container has', async () => {
    const devices = [{ path: '/dev/x', type: 'c', major: LOCAL, minor: 7, access: 'r' }] as const;
    await using container = await small({ devices });
    const place = scratchPath('nodes');
    mkdirSync(place);
    const script = `mount -t tmpfs nodes "$1" && cd "$1" && mknod asked c ${LOCAL} 7 && mknod other c ${LOCAL} 8 &&
      mknod null c 1 3 && echo $$ > "$2/cgroup.procs" &&
      exec "$3" attempt open-read asked '' open-write asked '' open-read other '' open-read null '' device made ''`;
    const group = filterGroup(container);
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', script, 'sh', place, group, program('box')],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const names = (JSON.parse(stdout) as number[]).map((errno) =>
      errno === 0 ? 'ok' : linuxErrnoName(errno),
    );
    expect(names).toEqual([ASKED, 'EPERM', 'EPERM', 'ok', 'EPERM']);
  });

  test('the filter is there for processes that others start, and after a stop and a start', async () => {
    const devices = [{ path: '/dev/x', type: 'c', major: LOCAL, minor: 7, access: 'r' }] as const;
    await using container = await small({ devices, detached: true });
    const joined = await joinContainer(container.id);
    expect(joined.enforced.deviceFilter).toBe(hostFilter);
    expect(await attempt(joined, [['open-write', '/dev/x']])).toEqual(['EPERM']);
    await container.stop({ timeout: 0 });
    await container.start();
    expect(container.enforced.deviceFilter).toBe(hostFilter);
    expect(
      await attempt(container, [
        ['open-write', '/dev/x'],
        ['open-read', '/dev/x'],
      ]),
    ).toEqual(['EPERM', ASKED]);
  });

  test('an owner that is no id of the container is refused', async () => {
    const devices = [{ path: '/dev/x', type: 'c', major: 1, minor: 3, uid: 70_000 }] as const;
    await failure(small({ devices, users: [{ host: 1_000_000, container: 0, size: 1000 }] }), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      step: 'make device',
      hint: /ids of the container/,
    });
  });
});

describeAsUser('devices of an ordinary user', () => {
  test('nodes that only root can make are refused', async () => {
    for (const device of [
      { path: '/dev/x', type: 'c', major: 1, minor: 3 },
      { path: '/dev/x', uid: 0 },
    ] as const) {
      await failure(small({ devices: [device] }), {
        code: 'ERR_CONTAINERV_UNSUPPORTED',
        hint: /mknod/,
      });
    }
  });

  test('there is no filter, and what only that can limit is refused', async () => {
    await using container = await small();
    expect(container.enforced.deviceFilter).toBe(false);
    await failure(small({ devices: [{ path: '/dev/fuse', access: 'r' }] }), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      hint: /root/,
    });
  });
});

const reason = hostDevice === undefined ? ' (skipped: this host has standard devices only)' : '';
test.skipIf(hostDevice === undefined)(`a device of the host by its path${reason}`, async () => {
  const file = hostDevice as string;
  await using container = await createContainer({ devices: [file] });
  const { stdout } = await container.run('stat', ['-c', '%t:%T', file]);
  expect(stdout).toBe(spawnSync('stat', ['-c', '%t:%T', file], { encoding: 'utf8' }).stdout);
});

test('what is not there, or is no device, is refused', async () => {
  await failure(small({ devices: ['/dev/no-such-device'] }), {
    code: 'ERR_CONTAINERV_NOT_FOUND',
    path: '/dev/no-such-device',
  });
  await failure(small({ devices: ['/dev/../etc'] }), { code: 'ERR_CONTAINERV_INVALID_OPTION' });
});
