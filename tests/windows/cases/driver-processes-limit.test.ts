// How many processes a container may have: held by the job around it, where that can be had.
import assert from 'node:assert/strict';
import * as koffi from 'koffi';
import type { ContainerOptions } from 'containerv-api';
import { openHcs } from '../../../packages/containerv-windows/src/hcs/open-hcs.js';
import { Library } from '../../../packages/containerv-windows/src/native/library.js';
import { SiloJobs } from '../../../packages/containerv-windows/src/native/silo-jobs.js';
import { driverHome } from '../support/driver.js';
import { GUEST, inject, rejection } from '../support/fake.js';
import { after, afterEach, before, describe, test } from '../support/node-test.js';

const home = driverHome();
const SHARED: ContainerOptions = { id: 'web', windows: { isolation: 'process' } };
after(() => home.remove());
afterEach(async () => home.checkNothingLeft());

describe('by Wine, which has no containers', () => {
  test('the default is not held, and what is asked for rejects', async () => {
    await using container = await home.create(SHARED);
    assert.equal(container.enforced.limits.pids, false);
    const error = await rejection(home.create({ ...SHARED, id: 'other', limits: { pids: 5 } }));
    assert.deepEqual([error['code'], error['syscall']], ['ERR_CONTAINERV_UNSUPPORTED', 'NtOpenJobObject']);
  });
});

describe('by jobs', () => {
  before(async () => {
    const jobs = Library.open(koffi, 'fakejobs.dll');
    assert.ok(jobs !== undefined);
    Object.assign(await openHcs(), { jobs: new SiloJobs(koffi, jobs, jobs) });
  });

  for (const schema of ['v1', 'v2'] as const) {
    test(`a limit holds in schema ${schema}, is changed, and holds when it is started again`, async () => {
      const windows = { isolation: 'process', schema } as const;
      await using container = await home.create({ ...SHARED, windows, limits: { pids: 2 } });
      assert.equal(container.enforced.limits.pids, true);
      const sleepers = [];
      for (let count = 0; count < 2; count++) {
        sleepers.push(await container.spawn(GUEST, ['sleep', '600000'], { stdio: 'ignore' }));
      }
      const full = await rejection(container.run(GUEST, ['both']));
      assert.deepEqual([full['code'], full['errno']], ['ERR_CONTAINERV_SPAWN', 'EAGAIN']);
      await container.update({ pids: 3 });
      assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
      await container.update({ pids: 'max' });
      await container.update({ pids: 1 });
      await container.stop({ timeout: 0 });
      await Promise.all(sleepers.map(async (sleeper) => sleeper.wait()));
      await container.start();
      await container.spawn(GUEST, ['sleep', '600000'], { stdio: 'ignore' });
      assert.equal((await rejection(container.run(GUEST, ['both'])))['errno'], 'EAGAIN');
    });
  }

  test('the default is held', async () => {
    await using container = await home.create(SHARED);
    assert.equal(container.enforced.limits.pids, true);
    await using none = await home.create({ ...SHARED, id: 'none', limits: { pids: 'max' } });
    assert.equal(none.enforced.limits.pids, undefined);
  });

  test('what is not allowed, or not done, rejects when it was asked for', async () => {
    const limits = { pids: 5 };
    inject({ function: 'NtOpenJobObject', hresult: 0xc0000022 });
    const denied = await rejection(home.create({ ...SHARED, limits }));
    assert.equal(denied['code'], 'ERR_CONTAINERV_PERMISSION');
    assert.match(String(denied['hint']), /SYSTEM/);
    for (const fault of [{ hresult: 0x80070057 }, { lost: true }]) {
      inject({ function: 'SetInformationJobObject', ...fault });
      const error = await rejection(home.create({ ...SHARED, limits }));
      assert.equal(error['code'], 'ERR_CONTAINERV_UNSUPPORTED');
    }
    inject({ function: 'NtOpenJobObject', hresult: 0xc0000022 });
    await using container = await home.create(SHARED);
    assert.equal(container.enforced.limits.pids, false);
  });

  test('a change of several limits is of all or none', async () => {
    await using container = await home.create({ ...SHARED, limits: { pids: 1 } });
    inject({ function: 'HcsModifyComputeSystem', hresult: 0x80370105 });
    await rejection(container.update({ pids: 2, memory: '512M' }));
    await container.spawn(GUEST, ['sleep', '600000'], { stdio: 'ignore' });
    assert.equal((await rejection(container.run(GUEST, ['both'])))['errno'], 'EAGAIN');
  });

  test('in a virtual machine there is none', async () => {
    assert.equal(
      (await rejection(home.create({ limits: { pids: 5 } })))['code'],
      'ERR_CONTAINERV_UNSUPPORTED',
    );
    await using container = await home.create();
    assert.equal(container.enforced.limits.pids, false);
    assert.equal((await rejection(container.update({ pids: 5 })))['code'], 'ERR_CONTAINERV_UNSUPPORTED');
  });
});
