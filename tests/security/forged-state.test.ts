// Somebody else of the host makes the directory in which this user's containers would be kept, and puts one there.
import { chmodSync, existsSync, lchownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { joinContainer, listContainers, pruneContainers } from 'containerv-linux';
import { expect, onTestFinished, test } from 'vitest';
import { failure } from '../support/failure.js';
import { describeAsRoot } from '../support/privilege.js';
import { scratchPath } from '../support/scratch.js';

const NOBODY = 65_534;

/** Makes it the place of state for the rest of a test. */
function forgedState(id: string, dataDirectory: string, group: string): string {
  const base = scratchPath('state');
  const directory = path.join(base, id);
  mkdirSync(directory, { recursive: true });
  const record = {
    version: 1,
    id,
    ownerPid: null,
    detached: false,
    createdAt: new Date().toISOString(),
    rootfs: 'host',
    policy: 'build',
    network: 'none',
    networkToken: null,
    dataDirectory,
    layer: null,
    cgroups: [],
    groups: { v1: {}, unified: group },
    stopped: false,
    defaults: {
      cwd: '/',
      env: {},
      user: { user: 0 },
      rlimits: [],
      capabilities: '0',
      filter: 'AAAA',
    },
  };
  writeFileSync(path.join(directory, 'state.json'), JSON.stringify(record));
  writeFileSync(path.join(directory, 'lock'), '');
  const before = process.env['CONTAINERV_STATE_DIR'];
  process.env['CONTAINERV_STATE_DIR'] = base;
  onTestFinished(() => {
    process.env['CONTAINERV_STATE_DIR'] = before;
  });
  return base;
}

/** What the forged container says is to go when it does. */
function decoys(): { documents: string; group: string } {
  const documents = path.join(scratchPath('home'), 'documents');
  const group = scratchPath('group');
  mkdirSync(documents, { recursive: true });
  writeFileSync(path.join(documents, 'letter'), 'Dear reader');
  mkdirSync(group);
  writeFileSync(path.join(group, 'cgroup.kill'), '');
  return { documents, group };
}

const expected = {
  code: 'ERR_CONTAINERV_PERMISSION',
  message: /not ours alone/,
  hint: /CONTAINERV_STATE_DIR/,
};

describeAsRoot('a state directory of another user', () => {
  test.for([
    ['belongs to them', (base: string) => lchownSync(base, NOBODY, NOBODY)],
    ['can be written to by everybody', (base: string) => chmodSync(base, 0o777)],
  ] as const)('that %s: nothing in it is believed', async ([, give]) => {
    const { documents, group } = decoys();
    give(forgedState('documents', documents, group));
    await failure(pruneContainers(), expected);
    await failure(listContainers(), expected);
    await failure(joinContainer('documents'), expected);
    expect(readdirSync(documents)).toEqual(['letter']);
    expect(existsSync(path.join(group, 'cgroup.kill'))).toBe(true);
  });
});

test('the same record in a place of ours is: what is forged is like what is', async () => {
  const { documents, group } = decoys();
  forgedState('documents', documents, group);
  expect(await pruneContainers()).toMatchObject({ removed: [{ id: 'documents' }], failed: [] });
  expect(existsSync(documents)).toBe(false);
});
