import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isContainervError } from 'containerv-api';
import { joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { attempt, json, small } from '../support/container.js';
import { makeDecoy } from '../support/decoy.js';
import { RACED_STARTS, whileFlipping } from '../support/flipper.js';
import { mountsBesideTests } from '../support/host-snapshot.mjs';
import { startProgram } from '../support/program.js';
import { pruneAll } from '../support/remains.js';
import { makeRoot, sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { idFor, isRoot, program } from '../support/suite.js';

describe('a directory that turns into a link to the host while it is being mounted on (CVE-2021-30465)', () => {
  test.for([
    ['as the parent of a mount target', '/flip/target', 'overlay'],
    ['as the mount target', '/flip', 'overlay'],
    // The containers’ files are the flipper’s own: an overlay may keep what it looked up.
    ['as the parent of a mount target, in the root itself', '/flip/target', 'direct'],
    ['as the parent of one that has to be made, in the root itself', '/flip/new/deep', 'direct'],
    // Where the driver makes it with the rights of the host's root.
    ...(isRoot ? ([['the same, without a user namespace', '/flip/new/deep', 'direct', false]] as const) : []),
  ] as const)('%s', async ([, target, writable, user = true]) => {
    const decoy = makeDecoy();
    const before = decoy.describe();
    const rootfs = makeRoot('raced');
    mkdirSync(path.join(rootfs, 'flip/target'), { recursive: true });
    mkdirSync(path.join(decoy.directory, 'target'), { recursive: true });
    const withTarget = decoy.describe();
    expect(withTarget.length).toBe(before.length + 1);
    symlinkSync(decoy.directory, path.join(rootfs, 'link'));
    const source = scratchPath('source');
    mkdirSync(source);
    writeFileSync(path.join(source, 'mark'), '');
    const mounts = mountsBesideTests();
    const outcomes = { made: 0, refused: 0 };
    await whileFlipping(path.join(rootfs, 'flip'), path.join(rootfs, 'link'), async () => {
      for (let round = 0; round < RACED_STARTS; round++) {
        try {
          await using container = await small({
            rootfs,
            writable,
            mounts: [{ source, target }],
            namespaces: { user },
          });
          await container.run('true');
          outcomes.made++;
        } catch (error) {
          if (!isContainervError(error)) throw error;
          outcomes.refused++;
        }
        expect(mountsBesideTests()).toEqual(mounts);
      }
    });
    expect(decoy.describe()).toEqual(withTarget);
    expect(outcomes.made + outcomes.refused).toBeGreaterThanOrEqual(RACED_STARTS);
  });

  test('/proc, /sys and /dev as well', async () => {
    for (const name of ['proc', 'sys', 'dev']) {
      const decoy = makeDecoy();
      const before = decoy.describe();
      const rootfs = makeRoot('raced');
      symlinkSync(decoy.directory, path.join(rootfs, 'link'));
      await whileFlipping(path.join(rootfs, name), path.join(rootfs, 'link'), async () => {
        for (let round = 0; round < RACED_STARTS / 4; round++) {
          try {
            await using container = await small({ rootfs, writable: 'direct' });
            await container.run('true');
          } catch (error) {
            if (!isContainervError(error)) throw error;
          }
        }
      });
      expect(decoy.describe()).toEqual(before);
    }
  });
});

describe('a working directory behind a descriptor (CVE-2024-21626)', () => {
  test('never leads to the host', async () => {
    await using container = await small();
    const inside = new Set(['/', '/dev', '/proc', '/sys', '/tmp']);
    for (let fd = 0; fd <= 20; fd++) {
      for (const cwd of [`/proc/self/fd/${fd}`, `/proc/1/fd/${fd}`]) {
        const outcome = await json<{ cwd: string }>(container, 'directory', [], { cwd }).catch(
          (error: unknown) => error,
        );
        if (isContainervError(outcome)) continue;
        expect(inside).toContain((outcome as { cwd: string }).cwd);
      }
    }
  });

  test('of a program whose own descriptors lead there neither', async () => {
    const owner = startProgram('hold', [JSON.stringify({ id: idFor('leaky') })], {
      env: { ROOTFS: sharedRoot() },
      under: [program('signal-state')],
    });
    await owner.said('all');
    const container = await joinContainer(idFor('leaky'));
    for (const fd of [3, 4, 5, 6, 7, 8, 9, 10, 40, 400]) {
      for (const where of ['self', '1']) {
        const run = container.run('directory', [], { cwd: `/proc/${where}/fd/${fd}` });
        await expect(run).rejects.toMatchObject({ step: 'enter working directory' });
      }
    }
    const ended = owner.ended;
    owner.child.kill('SIGKILL');
    await ended;
    await pruneAll();
  });
});

test('what a container mounts over, links or renames, a later start does not follow out', async () => {
  const decoy = makeDecoy();
  const before = decoy.describe();
  await using container = await small({ namespaces: { user: !isRoot } });
  await attempt(container, [
    ['rename', '/etc', '/etc-away'],
    ['symlink', '/etc', decoy.directory],
    ['rename', '/tmp', '/tmp-away'],
    ['symlink', '/srv/link', decoy.directory],
  ]);
  await container.stop({ timeout: 0 });
  await container.start().catch((error: unknown) => {
    if (!isContainervError(error)) throw error;
  });
  expect(decoy.describe()).toEqual(before);
  expect(readdirSync(decoy.directory)).toContain('sub');
});
