// Output that is kept, for any program that asks.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerOptions } from 'containerv-api';
import { joinOn } from '../../../packages/containerv-windows/src/join-container.js';
import { driverHome, TODAY } from '../support/driver.js';
import { GUEST, rejection } from '../support/fake.js';
import { after, afterEach, test } from '../support/node-test.js';

const home = driverHome();
const SHARED: ContainerOptions = { id: 'web', windows: { isolation: 'process' } };
after(() => home.remove());
afterEach(async () => home.checkNothingLeft());

test('what a process wrote is there for whoever joins, also after its end, until the container starts anew', async () => {
  await using container = await home.create(SHARED);
  const joined = await joinOn(TODAY, 'web');
  const process_ = await container.spawn(GUEST, ['both'], { log: true });
  assert.deepEqual([process_.stdin, process_.stdout, process_.stderr], [null, null, null]);
  assert.equal((await process_.wait()).exitCode, 0);
  for (const each of [container, joined]) {
    const whole = await text(each.logs());
    // Each of the two comes by a pipe of its own.
    assert.ok(['outerr', 'errout'].includes(whole), whole);
  }
  assert.equal((await text(joined.logs({ follow: true }))).length, 6);
  await container.stop();
  assert.throws(() => container.logs(), { code: 'ERR_CONTAINERV_STATE' });
  await container.start();
  assert.equal((await rejection(text(container.logs())))['code'], 'ERR_CONTAINERV_NOT_FOUND');
  await joined.destroy();
});

test('followed, it ends with the process; of several it has to be said which', async () => {
  await using container = await home.create(SHARED);
  const first = await container.spawn(GUEST, ['sleep', '600000'], { log: '4K' });
  const second = await container.spawn(GUEST, ['fill', '100000'], { log: '4K' });
  const followed = text(container.logs({ pid: first.pid, follow: true }));
  // It is waited for more, for as long as the process may write.
  assert.equal(await Promise.race([followed, sleep(500, 'still')]), 'still');
  await second.wait();
  const kept = await text(container.logs({ pid: second.pid }));
  assert.ok(kept.length >= 4096 && kept.length < 10_000, String(kept.length));
  const which = await rejection(text(container.logs()));
  assert.equal(which['code'], 'ERR_CONTAINERV_INVALID_OPTION');
  assert.match(String(which['hint']), new RegExp(`${second.pid}`));
  assert.equal((await rejection(text(container.logs({ pid: 2 }))))['code'], 'ERR_CONTAINERV_NOT_FOUND');
  await first.kill('SIGKILL');
  assert.equal(await followed, '');
  assert.equal(readdirSync(path.join(home.data, 'web', 'logs')).length, 2);
});

test('nothing is kept of a process that nobody would be left to keep it for', async () => {
  await using container = await home.create({ ...SHARED, detached: true });
  const error = await rejection(container.spawn(GUEST, ['both'], { log: true, detached: true }));
  assert.equal(error['code'], 'ERR_CONTAINERV_UNSUPPORTED');
  assert.match(String(error['hint']), /detached/);
});
