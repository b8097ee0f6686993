// What holds for containers of every driver.
import assert from 'node:assert/strict';
import type { Container, ContainerStats } from 'containerv-api';
import { type ConformanceCase, codeOf, rejectionOf } from './harness.js';

/** The compiler asks for every figure that there is. */
const FIGURES: Readonly<Record<keyof ContainerStats, true>> = {
  activeProcesses: true,
  cpuPercent: true,
  cpuPressure: true,
  cpuTimeNs: true,
  fileAccessesAllowed: true,
  fileAccessesDenied: true,
  ioPressure: true,
  memoryBytes: true,
  memoryPeakBytes: true,
  memoryPressure: true,
  networkRxBytes: true,
  networkRxPackets: true,
  networkTxBytes: true,
  networkTxPackets: true,
  oomKills: true,
  readBytes: true,
  readOps: true,
  timestamp: true,
  totalProcesses: true,
  writeBytes: true,
  writeOps: true,
};
const STATS = Object.keys(FIGURES).sort();

function record(container: Container): { readonly states: string[]; readonly exits: string[] } {
  const seen = { states: [] as string[], exits: [] as string[] };
  container.on('state', (state) => seen.states.push(state));
  container.on('exit', ({ reason }) => seen.exits.push(reason));
  return seen;
}

export const containerCases: readonly ConformanceCase[] = [
  {
    name: 'a new one runs; destroyed, twice and at once, it is gone and says so',
    async run({ create, commands, driver, guest }) {
      const container = await create();
      assert.deepEqual([container.state, container.guest], ['running', guest]);
      assert.match(container.id, /^[a-z0-9-]+$/);
      const { states, exits } = record(container);
      await Promise.all([container.destroy(), container.destroy()]);
      await container.destroy();
      assert.deepEqual([states, exits, container.state], [['destroyed'], ['destroyed'], 'destroyed']);
      for (const call of [
        async () => container.run(...commands.both),
        async () => container.spawn(...commands.both),
        async () => container.kill(2),
        async () => container.processes(),
        async () => container.stats(),
        async () => container.stop(),
        async () => container.start(),
        async () => container.pause(),
        async () => container.update({ memory: '64M' }),
      ]) {
        assert.equal(await codeOf(call()), 'ERR_CONTAINERV_STATE', String(call));
      }
      assert.equal(await codeOf(driver.joinContainer(container.id)), 'ERR_CONTAINERV_NOT_FOUND');
    },
  },
  {
    name: '`await using` destroys, also when the block throws',
    async run({ create }) {
      let seen: Container | undefined;
      const block = async (): Promise<void> => {
        await using container = await create();
        seen = container;
        throw new Error('in the block');
      };
      assert.equal((await rejectionOf(block())).message, 'in the block');
      assert.equal(seen?.state, 'destroyed');
    },
  },
  {
    name: 'stopped it runs nothing, and started it does again',
    async run({ create, commands }) {
      await using container = await create();
      const { states, exits } = record(container);
      await container.stop({ timeout: 100 });
      await container.stop();
      assert.equal(container.state, 'stopped');
      assert.equal(await codeOf(container.run(...commands.both)), 'ERR_CONTAINERV_STATE');
      assert.equal(await codeOf(container.stats()), 'ERR_CONTAINERV_STATE');
      await container.start();
      await container.start();
      assert.equal((await container.run(...commands.both)).stdout, 'out');
      assert.deepEqual([states, exits], [['stopped', 'running'], ['stopped']]);
      await container.stop({ timeout: 100 });
    },
  },
  {
    name: 'paused it starts nothing, or it says that it cannot be',
    async run({ create, commands, driver, pauses }) {
      await using container = await create();
      if (!pauses) {
        assert.equal(await codeOf(container.pause()), 'ERR_CONTAINERV_UNSUPPORTED');
        assert.equal(container.state, 'running');
        return;
      }
      const { states } = record(container);
      await container.pause();
      await container.pause();
      const info = (await driver.listContainers()).find(({ id }) => id === container.id);
      assert.deepEqual([container.state, info?.state], ['paused', 'paused']);
      assert.equal(await codeOf(container.run(...commands.both)), 'ERR_CONTAINERV_STATE');
      await container.resume();
      await container.resume();
      assert.equal((await container.run(...commands.both)).stdout, 'out');
      assert.deepEqual(states, ['paused', 'running']);
      await container.pause();
    },
  },
  {
    name: 'it is listed as it is, and joined by its id',
    async run({ create, commands, driver, guest }) {
      await using container = await create({ policy: 'minimal' });
      const listed = async () => (await driver.listContainers()).find(({ id }) => id === container.id);
      const info = await listed();
      assert.deepEqual(
        [info?.state, info?.guest, info?.ownerPid, info?.detached, info?.policy],
        ['running', guest, process.pid, false, 'minimal'],
      );
      assert.ok(Math.abs(Date.now() - (info?.createdAt.getTime() ?? 0)) < 600_000);
      const joined = await driver.joinContainer(container.id);
      assert.deepEqual([joined.id, joined.state, joined.guest], [container.id, 'running', guest]);
      assert.equal(joined.enforced.isolation, container.enforced.isolation);
      assert.equal((await joined.run(...commands.both)).stdout, 'out');
      const ended = new Promise((resolve) => joined.once('exit', resolve));
      await container.stop({ timeout: 100 });
      await ended;
      assert.deepEqual([joined.state, (await listed())?.state], ['stopped', 'stopped']);
      assert.equal(await codeOf(driver.joinContainer('no-such-container')), 'ERR_CONTAINERV_NOT_FOUND');
      assert.equal(await codeOf(driver.joinContainer('../x')), 'ERR_CONTAINERV_INVALID_OPTION');
    },
  },
  {
    name: 'an id is had once, and is free again',
    async run({ create }) {
      const first = await create();
      const error = await rejectionOf(create({ id: first.id }));
      assert.equal(error['code'], 'ERR_CONTAINERV_EXISTS');
      assert.equal(first.state, 'running');
      await first.destroy();
      await using again = await create({ id: first.id });
      assert.equal(again.id, first.id);
    },
  },
  {
    name: 'options that are not reject with their name, and nothing is made',
    async run({ create, driver }) {
      const before = (await driver.listContainers()).length;
      for (const options of [
        { hostnme: 'x' },
        { id: '../x' },
        { limits: { memory: 'much' } },
        { policy: 'none' },
        { mounts: [{ source: '/x' }] },
      ]) {
        const error = await rejectionOf(create(options as object));
        assert.match(
          String(error['code']),
          /^ERR_CONTAINERV_INVALID_(OPTION|POLICY)$/,
          JSON.stringify(options),
        );
      }
      assert.match((await rejectionOf(create({ hostnme: 'x' } as object))).message, /hostname/);
      assert.equal(await codeOf(create({ signal: AbortSignal.abort() })), 'ERR_CONTAINERV_ABORTED');
      assert.equal((await driver.listContainers()).length, before);
    },
  },
  {
    name: 'figures and processes, with `null` for what nobody tells',
    async run({ create, commands }) {
      await using container = await create();
      const child = await container.spawn(...commands.sleep(600), { stdio: 'ignore' });
      const stats = await container.stats();
      assert.deepEqual(Object.keys(stats).sort(), STATS);
      assert.ok(stats.timestamp instanceof Date);
      const found = (await container.processes()).find(({ pid }) => pid === child.pid);
      assert.equal(typeof found?.name, 'string');
      await child.kill('SIGKILL');
      await child.wait();
      const controller = new AbortController();
      let readings = 0;
      for await (const reading of container.watchStats({ interval: 20, signal: controller.signal })) {
        assert.deepEqual(Object.keys(reading).sort(), STATS);
        if (++readings === 3) controller.abort();
      }
      assert.equal(readings, 3);
      const stopped = container.watchStats({ interval: 20 });
      await stopped.next();
      await container.stop({ timeout: 100 });
      assert.equal((await stopped.next()).done, true);
    },
  },
  {
    name: 'several at once are apart',
    async run({ create, commands }) {
      const all = await Promise.all(['a', 'b', 'c'].map(async (name) => create({ env: { NAME: name } })));
      try {
        const names = await Promise.all(
          all.map(async (container) => (await container.run(...commands.variable('NAME'))).stdout),
        );
        assert.deepEqual(names, ['a', 'b', 'c']);
      } finally {
        await Promise.all(all.map(async (container) => container.destroy()));
      }
    },
  },
  {
    name: 'what lives is not pruned, and the host can be looked at',
    async run({ create, commands, driver }) {
      await using container = await create();
      await using stopped = await create();
      await stopped.stop({ timeout: 100 });
      const { removed } = await driver.pruneContainers();
      assert.deepEqual(
        removed.filter(({ id }) => id === container.id || id === stopped.id),
        [],
      );
      assert.equal((await container.run(...commands.both)).stdout, 'out');
      const { usable, checks } = await driver.probeHost();
      assert.equal(usable, true);
      assert.ok(checks.every(({ status }) => ['ok', 'degraded', 'missing'].includes(status)));
    },
  },
];
