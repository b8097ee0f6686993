import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Container, ContainerOptions } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { attempt, json, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { blockDevice, held } from '../support/groups.js';
import { containerGroups } from '../support/host-snapshot.mjs';
import { initPid } from '../support/host.js';
import { describeAsUser, describeWithGroups } from '../support/privilege.js';
import { probe } from '../support/probe.js';

type Limits = NonNullable<ContainerOptions['limits']>;

const MEBIBYTE = 1024 ** 2;

describeWithGroups('limits', () => {
  test('the defaults are in force', async () => {
    await using container = await small();
    expect(container.enforced.cgroup).toMatch(/^(v1|v2|hybrid)$/);
    expect(container.enforced.limits).toMatchObject({ memory: true, cpuWeight: true, pids: true });
    expect(held(container, 'memory.max', 'memory.limit_in_bytes')).toBe(`${1024 * MEBIBYTE}`);
    expect(held(container, 'pids.max')).toBe('256');
    const weight = held(container, 'cpu.weight', 'cpu.shares');
    expect(['100', '1024']).toContain(weight);
  });

  test.for<readonly [Limits, readonly string[], string]>([
    [{ memory: '64M' }, ['memory.max', 'memory.limit_in_bytes'], `${64 * MEBIBYTE}`],
    [{ memory: 10 * MEBIBYTE }, ['memory.max', 'memory.limit_in_bytes'], `${10 * MEBIBYTE}`],
    [{ pids: 7 }, ['pids.max'], '7'],
    [{ pids: 'max' }, ['pids.max'], 'max'],
    [{ cpuset: '0' }, ['cpuset.cpus'], '0'],
  ])('%o is what the kernel holds', async ([limits, files, wanted]) => {
    await using container = await small({ limits });
    expect(held(container, ...files)).toBe(wanted);
    const [name = ''] = Object.keys(limits);
    expect(container.enforced.limits[name as keyof Limits]).toBe(true);
  });

  test('processor time, as a number of processors and as a share of all', async () => {
    const quota = (container: Container): number => {
      const [us, period] = held(container, 'cpu.max', 'cpu.cfs_quota_us').split(' ').map(Number);
      return (us ?? 0) / (period ?? Number(held(container, 'cpu.cfs_period_us')));
    };
    await using half = await small({ limits: { cpus: 0.5 } });
    expect(quota(half)).toBe(0.5);
    await using share = await small({ limits: { cpuPercent: 10 } });
    expect(quota(share)).toBeCloseTo(availableParallelism() / 10, 5);
    // Half a processor takes twice the time.
    const { durationMs } = await half.run('burn', ['400']);
    expect(durationMs).toBeGreaterThan(600);
  });

  test('every process is in the container’s groups', async () => {
    await using container = await small();
    const child = await container.spawn('sleep');
    const init = await initPid(container);
    const groups = containerGroups().filter((group) => group.endsWith(`/${container.id}`));
    expect(groups.length).toBeGreaterThan(0);
    for (const group of groups) {
      const pids = readFileSync(path.join(group, 'cgroup.procs'), 'utf8').trim().split('\n').map(Number);
      expect(pids).toContain(init);
      expect(pids).toHaveLength(2);
    }
    await child.kill('SIGKILL');
  });

  test('more processes than `pids` cannot be started, by forking or by spawn()', async () => {
    await using container = await small({ limits: { pids: 10 } });
    // Init and the program itself count as well.
    expect(await json(container, 'fork-bomb')).toEqual({ made: 8, errno: 11 });
    const children = await Promise.allSettled(
      Array.from({ length: 12 }, async () => container.spawn('sleep')),
    );
    const failed = children.filter((result) => result.status === 'rejected');
    expect(children.length - failed.length).toBe(9);
    for (const { reason } of failed) {
      expect(reason).toMatchObject({
        code: 'ERR_CONTAINERV_SPAWN',
        errno: 'EAGAIN',
        hint: expect.stringMatching(/limits\.pids/) as string,
      });
    }
    for (const result of children) if (result.status === 'fulfilled') await result.value.kill('SIGKILL');
  });

  test('processor numbers are those of `cpuset`', async () => {
    await using container = await small({ limits: { cpuset: '0' } });
    expect((await probe(container)).statusField('Cpus_allowed_list')).toBe('0');
  });

  test('the container can change none of its limits, nor see those of others', async () => {
    await using container = await small({ policy: 'build' });
    const seen = await probe(container);
    expect(
      new Set(
        seen.cgroup
          .trim()
          .split('\n')
          .map((line) => line.split(':')[2]),
      ),
    ).toEqual(new Set(['/']));
    const mounted = seen.mounts.filter(({ type }) => type.startsWith('cgroup'));
    expect(mounted.filter(({ options }) => !options.includes('ro'))).toEqual([]);
    expect(await attempt(container, [['mkdir', '/sys/fs/cgroup/own']])).not.toEqual(['ok']);
  });

  test('a limit that cannot be held is refused when it was asked for', async () => {
    await failure(small({ limits: { cpuset: '4000' } }), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      step: 'set limits',
      message: /cpuset.*this host has \d+ processors?, numbered 0.*, and no 4000/,
      hint: /Choose from 0/,
    });
  });

  test('swap is limited on top of memory, or the limit is refused', async () => {
    const made = await small({ limits: { memory: '64M', swap: '16M' } }).catch((error: unknown) => error);
    if (made instanceof Error) {
      expect(made).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED' });
      return;
    }
    await using container = made as Container;
    expect([`${80 * MEBIBYTE}`, `${16 * MEBIBYTE}`]).toContain(
      held(container, 'memory.memsw.limit_in_bytes', 'memory.swap.max'),
    );
  });

  test('swap on top of memory without a limit is limited, or refused', async () => {
    const made = await small({ limits: { memory: 'max', swap: '16M' } }).catch((error: unknown) => error);
    if (made instanceof Error) {
      expect(made).toMatchObject({
        code: 'ERR_CONTAINERV_UNSUPPORTED',
        message: expect.stringMatching(/`swap`/) as string,
      });
      return;
    }
    await using container = made as Container;
    expect(held(container, 'memory.swap.max')).toBe(`${16 * MEBIBYTE}`);
    expect(container.enforced.limits.swap).toBe(true);
  });

  test('bandwidth of a block device is limited; what is none is refused', async () => {
    await failure(small({ limits: { io: { devices: [{ device: '/dev/null', readOpsPerSecond: 1 }] } } }), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      path: '/dev/null',
      hint: /lsblk/,
    });
    await failure(small({ limits: { io: { devices: [{ device: '/dev/missing', readOpsPerSecond: 1 }] } } }), {
      code: 'ERR_CONTAINERV_NOT_FOUND',
      errno: 'ENOENT',
    });
    const name = blockDevice();
    if (name === undefined) return;
    await using container = await small({
      limits: { io: { devices: [{ device: name, writeBytesPerSecond: '1M' }] } },
    });
    expect(container.enforced.limits.io).toBe(true);
    expect(held(container, 'io.max', 'blkio.throttle.write_bps_device')).toMatch(
      new RegExp(`^${name} (?:.*wbps=)?1048576\\b`, 'm'),
    );
  });

  test('a limit that only the other version of control groups has is refused', async () => {
    const made = await small({ limits: { memoryHigh: '64M' } }).catch((error: unknown) => error);
    if (made instanceof Error) {
      expect(made).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', message: /memoryHigh/ });
      return;
    }
    await using container = made as Container;
    expect(held(container, 'memory.high')).toBe(`${64 * MEBIBYTE}`);
  });

  test('`max` lifts a limit', async () => {
    await using container = await small({ limits: { memory: 'max', pids: 'max' } });
    expect(container.enforced.limits).toMatchObject({ memory: true, pids: true });
    expect((await container.run('allocate', [`${32 * MEBIBYTE}`])).stdout).toBe('allocated\n');
  });
});

describeAsUser('limits without root', () => {
  test('the defaults are told as missing where this user may make no control groups', async () => {
    await using container = await small();
    const { cgroup, limits } = container.enforced;
    if (cgroup === false) expect(limits).toMatchObject({ memory: false, pids: false });
    else expect(limits.memory).toBe(true);
  });

  test('one that was asked for is held, or refused', async () => {
    const outcome = await small({ limits: { memory: '64M' } }).then(
      async (container) => {
        const { memory } = container.enforced.limits;
        await container.destroy();
        return { memory };
      },
      (error: unknown) => error,
    );
    expect([
      { memory: true },
      expect.objectContaining({ code: 'ERR_CONTAINERV_UNSUPPORTED' }),
    ]).toContainEqual(outcome);
  });
});

describe('a limit that means nothing', () => {
  test.for<readonly [unknown]>([
    [{ memory: '12Q' }],
    [{ memory: 512 }],
    [{ memory: '-1M' }],
    [{ memory: '1e9' }],
    [{ cpus: 0 }],
    [{ cpus: Infinity }],
    [{ cpus: 1, cpuPercent: 50 }],
    [{ pids: 0 }],
    [{ pids: 1.5 }],
    [{ cpuset: '3-1' }],
    [{ cpuset: '' }],
    [{ memry: '1G' }],
  ])('%o is refused before anything happens', async ([limits]) => {
    await failure(small({ limits: limits as Limits }), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      message: /limits/,
    });
  });
});
