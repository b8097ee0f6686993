// The driver's whole containers, of every kind: made, used, ended in every way, and nothing is left.
import assert from 'node:assert/strict';
import type { ContainerOptions } from 'containerv-api';
import { GUEST, rejection } from '../support/fake.js';
import { driverHome } from '../support/driver.js';
import { after, afterEach, describe, test } from '../support/node-test.js';

const home = driverHome();
after(() => home.remove());
afterEach(async () => home.checkNothingLeft());

const kinds: readonly [string, ContainerOptions][] = [
  ['process isolation, schema v2', { windows: { isolation: 'process' } }],
  ['process isolation, schema v1', { windows: { isolation: 'process', schema: 'v1' } }],
  ['Hyper-V isolation, schema v2', {}],
  ['Hyper-V isolation, schema v1', { windows: { schema: 'v1' } }],
];

for (const [kind, options] of kinds) {
  describe(kind, () => {
    test('made, run in, destroyed twice', async () => {
      const container = await home.create({ id: 'web', ...options });
      assert.deepEqual([container.id, container.state, container.guest], ['web', 'running', 'windows']);
      const { stdout, stderr } = await container.run(GUEST, ['both']);
      assert.deepEqual([stdout, stderr], ['out', 'err']);
      await container.destroy();
      await container.destroy();
      assert.equal(container.state, 'destroyed');
      assert.equal((await rejection(container.run(GUEST, ['both'])))['code'], 'ERR_CONTAINERV_STATE');
    });

    test('stopped and started again', async () => {
      await using container = await home.create(options);
      const states: string[] = [];
      const exits: string[] = [];
      container.on('state', (state) => states.push(state)).on('exit', ({ reason }) => exits.push(reason));
      const sleeper = await container.spawn(GUEST, ['sleep', '60000'], { stdio: 'ignore' });
      await container.stop();
      assert.equal((await sleeper.wait()).cause, 'signal');
      await container.stop();
      await container.start();
      assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
      await container.destroy();
      assert.deepEqual(states, ['stopped', 'running', 'destroyed']);
      assert.deepEqual(exits, ['stopped', 'destroyed']);
    });
  });
}
