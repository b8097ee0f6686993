import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { createContainer, joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { mounter } from '../support/attack.js';
import { attempt, type Operation, small } from '../support/container.js';
import { makeDecoy } from '../support/decoy.js';
import { failure } from '../support/failure.js';
import { startProgram } from '../support/program.js';
import { pruneAll, remainsOf } from '../support/remains.js';
import { makeRoot, sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { idFor } from '../support/suite.js';

type Step = readonly [Operation, string, string?];

/** What a container leaves to be removed that whoever removes could follow out: links of every kind, at every depth. */
function traps(target: string): Step[] {
  const names = ['link', '-rf', '--', '..link', 'new\nline', 'a'.repeat(255)];
  const places = ['/srv', '/srv/deep', '/srv/deep/er', '/home'];
  return [
    ['mkdir', '/srv/deep'],
    ['mkdir', '/srv/deep/er'],
    ...places.flatMap((place) => names.map((name): Step => ['symlink', `${place}/${name}`, target])),
    ...names.map(
      (name): Step => [
        'symlink',
        `/srv/deep/relative-${name.slice(0, 9)}`,
        `${'../'.repeat(40)}${target.slice(1)}`,
      ],
    ),
    // What it may not list itself, it may not keep others from removing.
    ['mkdir', '/srv/closed'],
    ['symlink', '/srv/closed/link', target],
    ['chmod', '/srv/closed', '0'],
  ];
}

describe('CVE-2024-23652: removing what a container wrote removes nothing that it points to', () => {
  test('by destroy(), with the decoy mounted into it as well', async () => {
    const decoy = makeDecoy();
    const before = decoy.describe();
    const container = await small({
      policy: mounter,
      mounts: [{ source: decoy.directory, target: '/srv/decoy', readonly: true }],
    });
    const outcomes = await attempt(container, [
      ...traps(decoy.directory),
      ['mkdir', '/home/again'],
      ['mount-bind', '/home/again', '/srv/decoy'],
    ]);
    expect(outcomes.filter((outcome) => outcome !== 'ok')).toEqual([]);
    await container.destroy();
    expect(remainsOf(container.id)).toEqual([]);
    expect(decoy.describe()).toEqual(before);
  });

  test('by pruneContainers(), after its owner was killed', async () => {
    const decoy = makeDecoy();
    const before = decoy.describe();
    const id = idFor('trapped');
    const owner = startProgram('hold', [JSON.stringify({ id })], { env: { ROOTFS: sharedRoot() } });
    await owner.said('all');
    await attempt(await joinContainer(id), traps(decoy.directory));
    owner.child.kill('SIGKILL');
    await owner.ended;
    await pruneAll();
    expect(remainsOf(id)).toEqual([]);
    expect(decoy.describe()).toEqual(before);
  });

  // One that is deeper than any path, and some beside what bears the names that we move them up by.
  const burrows = [
    '-e',
    `sub burrow { mkdir $_[0]; chdir $_[0]; for (1 .. $_[1]) { mkdir "d"; chdir "d" or die "$!" } }
     burrow("/srv/deep", 2100);
     burrow("/burrow-$_", 40) for (1 .. 20);
     for (1 .. 30) { mkdir "/.removed-$_"; mkdir "/.removed-$_/full" or die "$!" }`,
  ];

  test('however deep it nests', async () => {
    const container = await createContainer();
    await container.run('perl', burrows);
    await container.destroy();
    expect(remainsOf(container.id)).toEqual([]);
  });

  test('however deep it nests, of a snapshot that fails over it', async () => {
    await using container = await createContainer();
    await container.run('perl', burrows);
    const parent = scratchPath('snapshots');
    mkdirSync(parent);
    await failure(container.snapshot(path.join(parent, 'layer')), {
      code: 'ERR_CONTAINERV_SYSTEM',
      message: /ENAMETOOLONG/,
    });
    expect(readdirSync(parent)).toEqual([]);
  });

  test('where somebody put a link in the place of the directories themselves', async () => {
    const decoy = makeDecoy();
    const container = await small();
    const data = process.env['CONTAINERV_DATA_DIR'] ?? '';
    const own = path.join(data, container.id);
    expect(existsSync(own)).toBe(true);
    const before = decoy.describe();
    symlinkSync(decoy.directory, path.join(own, 'upper/host'));
    await container.destroy();
    expect(existsSync(own)).toBe(false);
    expect(decoy.describe()).toEqual(before);
  });

  test('in a root that the container writes to directly, everything else stays', async () => {
    const rootfs = makeRoot('kept');
    mkdirSync(path.join(rootfs, 'srv/mine'));
    const kept = readdirSync(rootfs);
    const container = await small({ rootfs, writable: 'direct' });
    await attempt(container, [['symlink', '/srv/mine/link', '/']]);
    await container.destroy();
    expect(readdirSync(rootfs)).toEqual(kept);
    expect(readdirSync(path.join(rootfs, 'srv/mine'))).toEqual(['link']);
  });
});
