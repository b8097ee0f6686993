// Containers that another program has made, stopped, or left behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { resolveContainerOptions, UndoStack } from 'containerv-api';
import { boot } from '../../../packages/containerv-windows/src/boot.js';
import { buildComputeSystem } from '../../../packages/containerv-windows/src/documents/build-compute-system.js';
import { guestOf } from '../../../packages/containerv-windows/src/documents/guest.js';
import type { JsonObject } from '../../../packages/containerv-windows/src/documents/json.js';
import { openHcs } from '../../../packages/containerv-windows/src/hcs/open-hcs.js';
import {
  joinContainer,
  listContainers,
  probeHost,
  pruneContainers,
} from '../../../packages/containerv-windows/src/index.js';
import { joinOn } from '../../../packages/containerv-windows/src/join-container.js';
import { claimNew } from '../../../packages/containerv-windows/src/state/claim.js';
import { ownerTag, writeState } from '../../../packages/containerv-windows/src/state/state-file.js';
import {
  findStorage,
  prepareStorage,
} from '../../../packages/containerv-windows/src/storage/container-storage.js';
import { endSystem } from '../../../packages/containerv-windows/src/systems.js';
import { driverHome, TODAY } from '../support/driver.js';
import { GUEST, inject, rejection } from '../support/fake.js';
import { after, afterEach, describe, test } from '../support/node-test.js';

const home = driverHome();
const handles: (() => Promise<void>)[] = [];
after(() => home.remove());
afterEach(async () => {
  for (const close of handles.splice(0)) await close();
  await home.checkNothingLeft();
});

/** As a program has it that made a container and was killed, on a host whose service kept all of it. */
async function leaveBehind(id: string, detached = false): Promise<void> {
  const spec = resolveContainerOptions({
    id,
    rootfs: home.image.top,
    detached,
    windows: { isolation: 'process' },
  });
  const base = { state: home.state, data: home.data };
  for (const directory of Object.values(base)) mkdirSync(directory, { recursive: true });
  const service = await openHcs();
  const dataDirectory = path.join(home.data, id);
  const claim = await claimNew(path.join(home.state, id));
  assert.ok(typeof claim === 'object');
  const guest = guestOf(spec, TODAY.build);
  const found = await findStorage(spec, guest);
  const storage = await prepareStorage(service.storage, found, guest, dataDirectory, new UndoStack());
  const createdAt = new Date().toISOString();
  const described = { version: 1, ownerPid: 1, createdAt, stopped: false, spec, storage } as const;
  await writeState(claim.directory, { ...described, enforced: null, endpointId: null });
  const { system } = await boot({
    spec,
    facts: TODAY,
    service,
    storage,
    dataDirectory,
    owner: ownerTag(base),
  });
  // Handles go with a program; a system that is not detached would, too.
  if (detached) await system.close();
  else handles.push(async () => system.close());
  await claim.release();
}

describe('joined', () => {
  test('what it runs is the same container, and its end is told to both', async () => {
    await using owner = await home.create({ id: 'web' });
    const joined = await joinOn(TODAY, 'web');
    assert.deepEqual([joined.state, joined.enforced], ['running', owner.enforced]);
    assert.equal((await joined.run(GUEST, ['both'])).stdout, 'out');
    const told = Promise.all(
      [owner, joined].map(async (each) => new Promise((resolve) => each.once('exit', resolve))),
    );
    await joined.stop({ timeout: 1000 });
    await told;
    assert.deepEqual([owner.state, joined.state], ['stopped', 'stopped']);
    assert.equal((await rejection(joined.start()))['code'], 'ERR_CONTAINERV_STATE');
    await joined.destroy();
    assert.equal((await listContainers()).length, 1);
  });

  test('one that is not there', async () => {
    await using container = await home.create({ id: 'web' });
    const error = await rejection(joinContainer('wep'));
    assert.deepEqual([error['code'], error['hint']], ['ERR_CONTAINERV_NOT_FOUND', "Did you mean 'web'?"]);
    assert.equal((await rejection(joinContainer('../web')))['code'], 'ERR_CONTAINERV_INVALID_OPTION');
    assert.equal((await rejection(home.create({ id: container.id })))['code'], 'ERR_CONTAINERV_EXISTS');
  });

  test('one that its owner left running: stopped, started again, and removed', async () => {
    await leaveBehind('web', true);
    assert.deepEqual((await pruneContainers()).removed, []);
    assert.equal((await rejection(home.create({ id: 'web' })))['code'], 'ERR_CONTAINERV_EXISTS');
    const joined = await joinOn(TODAY, 'web');
    assert.equal((await joined.run(GUEST, ['both'])).stdout, 'out');
    await joined.stop();
    assert.deepEqual(
      (await listContainers()).map(({ id, state, ownerPid }) => [id, state, ownerPid]),
      [['web', 'stopped', null]],
    );
    assert.deepEqual((await pruneContainers()).removed, []);
    const again = await joinOn(TODAY, 'web');
    await again.start();
    assert.equal((await again.run(GUEST, ['both'])).stdout, 'out');
    await again.destroy();
    assert.deepEqual(await listContainers(), []);
  });
});

test('listed, oldest first, in the state that each is in', async () => {
  await using first = await home.create({ id: 'first' });
  await using second = await home.create({ id: 'second', windows: { isolation: 'process' } });
  await using third = await home.create({ id: 'third', policy: 'minimal' });
  await first.pause();
  await second.stop();
  const listed = await listContainers();
  assert.deepEqual(
    listed.map(({ id, state, policy }) => [id, state, policy]),
    [
      ['first', 'paused', 'build'],
      ['second', 'stopped', 'build'],
      [third.id, 'running', 'minimal'],
    ],
  );
  assert.deepEqual(
    [listed[0]?.ownerPid, listed[0]?.initPid, listed[0]?.guest],
    [process.pid, null, 'windows'],
  );
  assert.equal(listed[0]?.rootfs, home.image.top);
});

describe('left behind', () => {
  test('by a program that was killed: pruned, and its id is free', async () => {
    await leaveBehind('web');
    const { removed, failed } = await pruneContainers();
    assert.deepEqual(failed, []);
    assert.deepEqual(
      removed.map(({ id, released }) => [id, released.map((what) => what.split(' ')[0])]),
      [['web', ['compute', 'mounted', 'layer', 'state']]],
    );
    await leaveBehind('web');
    await using container = await home.create({ id: 'web' });
    assert.equal(container.state, 'running');
  });

  test('systems and layers without a description, but only our own', async () => {
    const { hcs, storage } = await openHcs();
    const spec = resolveContainerOptions({
      id: 'lost',
      rootfs: home.image.top,
      detached: true,
      windows: { schema: 'v1' },
    });
    const base = await storage.identify(home.image.base);
    const layer = { id: base.id, path: base.path };
    const documentOf = (owner: string): JsonObject =>
      buildComputeSystem(spec, {
        ...TODAY,
        owner,
        storage: {
          kind: 'windowsfilter',
          layers: [layer],
          scratchPath: home.image.folder,
          utilityVmPath: path.join(home.image.base, 'UtilityVM'),
        },
      });
    const lost = await hcs.create('lost', documentOf(ownerTag({ state: home.state, data: home.data })));
    const others = await hcs.create('others', documentOf('containerv-other'));
    const precious = path.join(home.data, 'precious');
    mkdirSync(path.join(precious, 'scratch'), { recursive: true });
    writeFileSync(path.join(precious, 'letters.txt'), 'not of a container');
    const folder = path.join(home.data, 'bare');
    mkdirSync(path.join(folder, 'scratch'), { recursive: true });
    await storage.createScratch(path.join(folder, 'scratch'), [base]);
    const { removed, failed } = await pruneContainers();
    assert.deepEqual(failed, []);
    assert.deepEqual(removed.map(({ id }) => id).sort(), ['bare', 'lost']);
    assert.equal(existsSync(folder), false);
    assert.equal((await rejection(home.create({ id: 'precious' })))['code'], 'ERR_CONTAINERV_EXISTS');
    assert.equal(readFileSync(path.join(precious, 'letters.txt'), 'utf8'), 'not of a container');
    rmSync(precious, { recursive: true });
    assert.deepEqual(
      (await hcs.enumerate({})).map(({ id }) => id),
      ['others'],
    );
    // Asking alone would leave it to a thread of the service whether it is gone by the time that all is looked at.
    await endSystem(others);
    await lost.close();
  });

  test('what cannot be removed is told, and removed the next time', async () => {
    await leaveBehind('web');
    inject({
      function: 'HcsDestroyLayer',
      hresult: 0x80070020,
    });
    const { failed } = await pruneContainers();
    assert.deepEqual(
      failed.map(({ id }) => id),
      ['web'],
    );
    assert.match(failed[0]?.message ?? '', /another program has the file open/i);
    assert.equal((await pruneContainers()).removed[0]?.id, 'web');
  });

  test('by a program that really was killed', async () => {
    const module = new URL('../programs/leave-container.mjs', import.meta.url);
    const child = spawn(process.execPath, [module.pathname.replace(/^\//, ''), home.image.top], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    // Its own, as long as it lives.
    assert.deepEqual((await pruneContainers()).removed, []);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.deepEqual(
      (await pruneContainers()).removed.map(({ id }) => id),
      ['killed'],
    );
  });
});

test('the host is looked at, and nothing is made', async () => {
  const { usable, checks } = await probeHost();
  assert.equal(usable, true);
  assert.deepEqual(
    checks.map(({ name, status }) => [name, status]),
    [
      ['build', 'ok'],
      ['compute service', 'ok'],
      ['access', 'ok'],
      ['directories', 'ok'],
      ['networks', 'degraded'],
      ['schema v2', 'ok'],
    ],
  );
  inject({ function: 'HcsEnumerateComputeSystems', hresult: 0x80070005 });
  const denied = await probeHost();
  assert.equal(denied.usable, false);
  assert.match(denied.checks.find(({ name }) => name === 'access')?.fix ?? '', /administrator/);
});
