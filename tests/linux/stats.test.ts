import { readdirSync, readlinkSync } from 'node:fs';
import { type ContainerStats, joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { cpuTimeMs, held } from '../support/groups.js';
import { describeWithGroups } from '../support/privilege.js';

const NAMES = [
  'activeProcesses',
  'cpuPercent',
  'cpuPressure',
  'cpuTimeNs',
  'fileAccessesAllowed',
  'fileAccessesDenied',
  'ioPressure',
  'memoryBytes',
  'memoryPeakBytes',
  'memoryPressure',
  'networkRxBytes',
  'networkRxPackets',
  'networkTxBytes',
  'networkTxPackets',
  'oomKills',
  'readBytes',
  'readOps',
  'timestamp',
  'totalProcesses',
  'writeBytes',
  'writeOps',
];

describe('stats()', () => {
  test('has every figure by its name, and null where the host does not tell', async () => {
    await using container = await small();
    const stats = await container.stats();
    expect(Object.keys(stats).sort()).toEqual(NAMES);
    expect(Object.values(stats)).not.toContain(undefined);
    expect(stats.timestamp).toBeInstanceOf(Date);
    // Linux counts no processes that have ended.
    expect(stats.totalProcesses).toBeNull();
    expect(stats.activeProcesses).toBe(1);
  });

  test('processes come and go', async () => {
    await using container = await small();
    const child = await container.spawn('sleep', [], { stdio: 'ignore' });
    expect((await container.stats()).activeProcesses).toBe(2);
    await child.kill('SIGKILL');
    await child.wait();
    expect((await container.stats()).activeProcesses).toBe(1);
  });

  test('the network is the container’s own, without loopback; none when it is the host’s', async () => {
    await using own = await small();
    expect(await own.stats()).toMatchObject({ networkRxBytes: 0, networkTxPackets: 0 });
    await using shared = await small({ network: 'host' });
    expect(await shared.stats()).toMatchObject({ networkRxBytes: null, networkTxPackets: null });
  });

  test('a container that has ended has none', async () => {
    const container = await small();
    await container.stats();
    await container.stop({ timeout: 0 });
    await failure(container.stats(), { code: 'ERR_CONTAINERV_STATE', message: /stopped/ });
    await container.start();
    expect((await container.stats()).activeProcesses).toBe(1);
    await container.destroy();
    await failure(container.stats(), { code: 'ERR_CONTAINERV_STATE', message: /destroyed/ });
  });

  test('what is kept open is closed with the container', async () => {
    const container = await small();
    await container.stats();
    const kept = (): string[] =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/self/fd/${fd}`)];
        } catch {
          return [];
        }
      });
    const mine = (target: string): boolean => target.includes(`/${container.id}/`);
    await container.destroy();
    await eventually(() => expect(kept().filter(mine)).toEqual([]));
  });
});

describeWithGroups('figures, against the host’s own counters', () => {
  test('memory, and the most there was', async () => {
    await using container = await small({ limits: { memory: '128M' } });
    const bytes = 32 * 1024 ** 2;
    await container.run('allocate', [String(bytes)]);
    const { memoryBytes, memoryPeakBytes } = await container.stats();
    expect(memoryBytes).toBeLessThan(bytes);
    expect(memoryBytes).toBeGreaterThan(0);
    if (memoryPeakBytes !== null) {
      expect(memoryPeakBytes).toBe(Number(held(container, 'memory.max_usage_in_bytes', 'memory.peak')));
      expect(memoryPeakBytes).toBeGreaterThan(bytes);
    }
  });

  test('processor time, also of what has ended', async () => {
    await using container = await small();
    const before = await container.stats();
    await container.run('burn', ['300']);
    const after = await container.stats();
    expect((after.cpuTimeNs ?? 0) - (before.cpuTimeNs ?? 0)).toBeGreaterThan(290e6);
    expect(after.cpuTimeNs).toBeLessThanOrEqual(cpuTimeMs(container) * 1e6);
    expect(after.cpuPercent).toBeGreaterThan(0);
    // Nothing has happened since.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await container.stats()).cpuPercent).toBeLessThan(after.cpuPercent ?? 0);
  });

  test('who joined reads the same', async () => {
    await using container = await small();
    const joined = await joinContainer(container.id);
    const [here, there] = await Promise.all([container.stats(), joined.stats()]);
    for (const name of ['memoryPeakBytes', 'activeProcesses', 'oomKills', 'readBytes'] as const)
      expect(there[name], name).toBe(here[name]);
    expect(there.cpuTimeNs).not.toBeNull();
  });
});

describe('watchStats()', () => {
  test('reads again and again until it is told to end', async () => {
    await using container = await small();
    const stop = new AbortController();
    const seen: ContainerStats[] = [];
    for await (const stats of container.watchStats({ interval: 20, signal: stop.signal })) {
      seen.push(stats);
      if (seen.length === 3) stop.abort();
    }
    expect(seen).toHaveLength(3);
    const times = seen.map(({ timestamp }) => timestamp.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('ends with the container', async () => {
    const container = await small();
    let count = 0;
    for await (const _ of container.watchStats({ interval: 10 }))
      if (++count === 2) await container.destroy();
    expect(count).toBe(2);
  });

  test('leaves off when the loop does', async () => {
    await using container = await small();
    for await (const { activeProcesses } of container.watchStats()) {
      expect(activeProcesses).toBe(1);
      break;
    }
  });

  test('options that mean nothing are refused as it is called', async () => {
    await using container = await small();
    expect(() => container.watchStats({ interval: 0 })).toThrow(/interval/);
  });

  test('sees a container that is paused', async () => {
    await using container = await small();
    const busy = await container.spawn('stubborn');
    await untilSaid(busy, 'ready');
    if (container.enforced.cgroup === false) return;
    await container.pause();
    expect((await container.stats()).activeProcesses).toBe(2);
  });
});
