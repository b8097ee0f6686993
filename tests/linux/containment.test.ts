import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { cpuTimeMs, held } from '../support/groups.js';
import { describeWithGroups } from '../support/privilege.js';

const MEBIBYTE = 1024 ** 2;

describeWithGroups('hostile programs, by the host’s own counters', () => {
  test('a fork bomb stays below its limit, and the container can still be seen, stopped and used', async () => {
    await using container = await small({ limits: { pids: 30 } });
    const bomb = await container.spawn('fork-bomb', [], { stdio: 'ignore' });
    let most = 0;
    for (let look = 0; look < 50; look++) {
      most = Math.max(most, Number(held(container, 'pids.current')));
      await sleep(2);
    }
    expect(most).toBeLessThanOrEqual(30);
    expect(await bomb.wait()).toMatchObject({ exitCode: 0 });
    expect((await container.run('echo', ['usable'])).stdout).toBe('usable\n');
  });

  test('processes are listed where not one more can be started', async () => {
    await using container = await small({ limits: { pids: 10 } });
    const sleepers = await Promise.all(
      Array.from({ length: 9 }, async () => container.spawn('sleep', [], { stdio: 'ignore' })),
    );
    await expect(container.spawn('true')).rejects.toMatchObject({ code: 'ERR_CONTAINERV_SPAWN' });
    const listed = await container.processes();
    expect(listed.map(({ pid }) => pid)).toEqual(
      [1, ...sleepers.map(({ pid }) => pid)].sort((a, b) => a - b),
    );
    expect((await container.stats()).activeProcesses).toBe(10);
  });

  test('a memory hog takes no more than its limit and dies, and nobody else does', async () => {
    await using container = await small({ limits: { memory: '64M', swap: 0 } });
    const bystander = await container.spawn('sleep', [], { stdio: 'ignore' });
    const hog = await container.spawn('allocate', [`${512 * MEBIBYTE}`], { stdio: 'ignore' });
    expect(await hog.wait()).toMatchObject({ signal: 'SIGKILL', cause: 'oom' });
    const peak = Number(held(container, 'memory.max_usage_in_bytes', 'memory.peak'));
    expect(peak).toBeLessThanOrEqual(64 * MEBIBYTE);
    expect(peak).toBeGreaterThan(56 * MEBIBYTE);
    expect((await container.processes()).map(({ pid }) => pid)).toContain(bystander.pid);
  });

  test('a busy loop gets its share of processor time and no more', async () => {
    await using container = await small({ limits: { cpus: 0.1 } });
    await Promise.all(
      Array.from({ length: availableParallelism() * 2 }, async () =>
        container.spawn('burn', ['60000'], { stdio: 'ignore' }),
      ),
    );
    // Not by the clock of a busy machine: the kernel counts the periods in which they were held back.
    await eventually(() => {
      const [, periods] = /^nr_periods (\d+)$/m.exec(held(container, 'cpu.stat')) ?? [];
      expect(Number(periods)).toBeGreaterThan(10);
    });
    const text = held(container, 'cpu.stat');
    const figure = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
    expect(figure('nr_throttled')).toBeGreaterThan(5);
    // A period is 100 ms, of which it gets 10; processors hand out slices of a few milliseconds each.
    expect(cpuTimeMs(container)).toBeLessThan((figure('nr_periods') + 2) * 30);
  });
});
