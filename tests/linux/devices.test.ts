import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { createContainer } from 'containerv-linux';
import { expect, test } from 'vitest';
import { attempt, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { describeAsRoot, describeAsUser } from '../support/privilege.js';

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
});

const reason = hostDevice === undefined ? ' (skipped: this host has standard devices only)' : '';
test.skipIf(hostDevice === undefined)(`a device of the host by its path${reason}`, async () => {
  const file = hostDevice as string;
  await using container = await createContainer({ devices: [file] });
  const { stdout } = await container.run('stat', ['-c', '%t:%T', file]);
  const { rdev } = statSync(file);
  expect(stdout.trim()).toBe(`${((rdev >> 8) & 0xfff).toString(16)}:${(rdev & 0xff).toString(16)}`);
});

test('what is not there, or is no device, is refused', async () => {
  await failure(small({ devices: ['/dev/no-such-device'] }), {
    code: 'ERR_CONTAINERV_NOT_FOUND',
    path: '/dev/no-such-device',
  });
  await failure(small({ devices: ['/dev/../etc'] }), { code: 'ERR_CONTAINERV_INVALID_OPTION' });
});
