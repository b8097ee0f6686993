import { readFileSync } from 'node:fs';
import { joinContainer } from 'containerv-linux';
import { expect, test } from 'vitest';
import { json, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { blockDevice, held } from '../support/groups.js';
import { describeAsUser, describeWithGroups } from '../support/privilege.js';
import { probe } from '../support/probe.js';

const MEBIBYTE = 1024 ** 2;

describeWithGroups('update()', () => {
  test('changes what it names, and nothing else', async () => {
    await using container = await small({ limits: { memory: '64M', pids: 20 } });
    await container.update({ pids: 10, cpuWeight: 50 });
    expect(held(container, 'pids.max')).toBe('10');
    expect(held(container, 'memory.max', 'memory.limit_in_bytes')).toBe(`${64 * MEBIBYTE}`);
    expect(['50', '512']).toContain(held(container, 'cpu.weight', 'cpu.shares'));
    expect(await json(container, 'fork-bomb')).toEqual({ made: 8, errno: 11 });
  });

  test('more memory and less of it', async () => {
    await using container = await small({ limits: { memory: '64M' } });
    for (const memory of ['256M', '32M', '128M']) {
      await container.update({ memory });
      expect(held(container, 'memory.max', 'memory.limit_in_bytes')).toBe(
        `${Number.parseInt(memory, 10) * MEBIBYTE}`,
      );
    }
    await container.update({ memory: 'max' });
    expect(['max', '9223372036854771712']).toContain(held(container, 'memory.max', 'memory.limit_in_bytes'));
  });

  test('swap stays on top of memory, whichever of them changes', async ({ skip }) => {
    await using container = await small({ limits: { memory: '64M' } });
    const limits = (): (number | string)[] =>
      [
        ['memory.limit_in_bytes', 'memory.max'],
        ['memory.memsw.limit_in_bytes', 'memory.swap.max'],
      ].map((files) => Number(held(container, ...files)) / MEBIBYTE);
    // Of the sum in v1, of swap alone in v2.
    const unified = container.enforced.cgroup === 'v2';
    const both = (memory: number, swap: number): number[] => [memory, unified ? swap : memory + swap];
    try {
      await container.update({ swap: '16M' });
    } catch {
      skip('this kernel does not count swap');
    }
    expect(limits()).toEqual(both(64, 16));
    await container.update({ memory: '32M' });
    expect(limits()).toEqual(both(32, 16));
    await container.update({ memory: '128M', swap: '8M' });
    expect(limits()).toEqual(both(128, 8));
    await failure(container.update({ memory: '256M', cpuset: '4000' }), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
    });
    expect(limits()).toEqual(both(128, 8));
    await container.update({ swap: 'max' });
    expect(['max', '9223372036854771712']).toContain(
      held(container, 'memory.memsw.limit_in_bytes', 'memory.swap.max'),
    );
  });

  test('lifts a limit of processor time', async () => {
    await using container = await small({ limits: { cpus: 0.5 } });
    await container.update({ cpus: 'max' });
    expect(held(container, 'cpu.max', 'cpu.cfs_quota_us')).toMatch(/^(?:max 100000|-1)$/);
  });

  test('limits what was not limited, for what runs already', async () => {
    await using container = await small();
    expect(container.enforced.limits.cpuset).toBeUndefined();
    const child = await container.spawn('cat');
    await container.update({ cpuset: '0' });
    expect(container.enforced.limits.cpuset).toBe(true);
    expect((await probe(container)).statusField('Cpus_allowed_list')).toBe('0');
    const groups = held(container, 'cpuset.cpus');
    expect(groups).toBe('0');
    child.stdin?.end();
    await child.wait();
  });

  test('is all or nothing', async () => {
    await using container = await small({ limits: { pids: 20 } });
    await failure(container.update({ pids: 10, cpuset: '4000' }), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      message: /cpuset/,
    });
    expect(held(container, 'pids.max')).toBe('20');
  });

  test('leaves nothing of what was not limited before, either', async ({ skip }) => {
    const device = blockDevice();
    if (device === undefined) skip('there is no disk');
    await using container = await small();
    const io = { devices: [{ device: device ?? '', readOpsPerSecond: 77 }] };
    // Written one after the other: this is the last one.
    const hugetlb = { '2M': '64M', '4K': '1M' };
    const refused = { code: 'ERR_CONTAINERV_UNSUPPORTED', message: /hugetlb/ } as const;
    await failure(container.update({ cpuset: '0', io, hugetlb }), refused);
    expect(held(container, 'blkio.throttle.read_iops_device', 'io.max')).not.toContain('77');
    const all = readFileSync('/proc/self/status', 'utf8').match(/^Cpus_allowed_list:\s*(.*)$/m)?.[1];
    expect((await probe(container)).statusField('Cpus_allowed_list')).toBe(all);
  });

  test('stays over stop() and start(), and is seen by who joins', async () => {
    await using container = await small();
    await container.update({ pids: 9, cpuset: '0' });
    await container.stop({ timeout: 0 });
    await container.start();
    expect(held(container, 'pids.max')).toBe('9');
    const joined = await joinContainer(container.id);
    await joined.update({ pids: 11 });
    expect(held(container, 'pids.max')).toBe('11');
    expect((await joinContainer(container.id)).enforced.limits).toMatchObject({ pids: true });
  });

  test('works on a container that is paused', async () => {
    await using container = await small();
    await container.pause();
    await container.update({ pids: 12 });
    expect(held(container, 'pids.max')).toBe('12');
  });

  test('what means nothing is refused before anything happens', async () => {
    await using container = await small();
    await failure(container.update({}), { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /at least one/ });
    await failure(container.update({ pidz: 1 } as never), { code: 'ERR_CONTAINERV_INVALID_OPTION' });
    await container.stop({ timeout: 0 });
    await failure(container.update({ pids: 3 }), { code: 'ERR_CONTAINERV_STATE' });
  });
});

describeAsUser('update() without a control group', () => {
  test('is refused', async () => {
    await using container = await small();
    if (container.enforced.cgroup !== false) return;
    await failure(container.update({ pids: 3 }), { code: 'ERR_CONTAINERV_UNSUPPORTED', message: /pids/ });
  });
});
