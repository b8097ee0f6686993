import { joinContainer, listContainers, pruneContainers } from 'containerv-linux';
import { afterEach, describe, expect, test } from 'vitest';
import { attempt, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { initPid, isGone } from '../support/host.js';
import { probe } from '../support/probe.js';
import { runProgram } from '../support/program.js';
import { remainsOf } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { recordStates } from '../support/states.js';

/** A container whose maker has ended. */
async function orphaned(options: object = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram(
    'detached',
    [JSON.stringify({ detached: true, ...options })],
    { env: { ROOTFS: sharedRoot() } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout.slice('made '.length)) as { id: string }).id;
}

afterEach(async () => {
  for (const { id } of await listContainers()) await (await joinContainer(id)).destroy();
});

describe('a stopped container whose maker has ended', () => {
  test('is started by who joined it, with its files and its confinement as they were', async () => {
    const id = await orphaned({ env: { A: 'b' }, hostname: 'same-name', cwd: '/srv' });
    const container = await joinContainer(id);
    const before = await probe(container);
    const { enforced } = container;
    const states = recordStates(container);
    await container.stop({ timeout: 0 });
    await container.start();
    expect(states).toEqual(['stopped', 'running']);
    expect(await attempt(container, [['read', '/srv/mark']])).toEqual(['ok']);
    const after = await probe(container);
    for (const field of ['environment', 'cwd', 'hostname', 'uids', 'devices', 'masked', 'limits'] as const)
      expect(after[field], field).toEqual(before[field]);
    for (const field of ['CapBnd', 'Seccomp', 'NoNewPrivs'])
      expect(after.statusField(field)).toBe(before.statusField(field));
    // Its range of ids on the host may be another.
    expect({ ...container.enforced, ids: undefined }).toEqual({ ...enforced, ids: undefined });
  });

  test('also by a program that finds it stopped', async () => {
    const id = await orphaned();
    await (await joinContainer(id)).stop({ timeout: 0 });
    expect(await pruneContainers()).toEqual({ removed: [], failed: [] });
    const found = await joinContainer(id);
    expect(found.state).toBe('stopped');
    await found.start();
    expect(await listContainers()).toMatchObject([{ id, state: 'running' }]);
    expect((await found.run('echo', ['again'])).stdout).toBe('again\n');
    const other = await joinContainer(id);
    expect((await other.run('echo', ['for all'])).stdout).toBe('for all\n');
  });

  test('again and again, with changed limits as they are', async () => {
    const id = await orphaned();
    const container = await joinContainer(id);
    if (container.enforced.cgroup !== false) await container.update({ pids: 17 });
    for (let round = 0; round < 5; round++) {
      await container.stop({ timeout: 0 });
      await container.start();
    }
    expect((await container.run('echo', ['on'])).stdout).toBe('on\n');
    if (container.enforced.cgroup === false) return;
    expect(container.enforced.limits).toMatchObject({ pids: true });
    await container.pause();
    expect(container.state).toBe('paused');
  });

  test('is started once, whoever tries at the same time', async () => {
    const id = await orphaned();
    await (await joinContainer(id)).stop({ timeout: 0 });
    const both = await Promise.all([joinContainer(id), joinContainer(id)]);
    const outcomes = await Promise.allSettled(both.map(async (container) => container.start()));
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatchObject({ code: 'ERR_CONTAINERV_STATE' });
    const winner = both.find(({ state }) => state === 'running');
    await Promise.all([winner?.start(), winner?.start()]);
    expect((await winner?.run('echo', ['one']))?.stdout).toBe('one\n');
  });

  test('that was started again lives on without who did', async () => {
    const id = await orphaned();
    await (await joinContainer(id)).stop({ timeout: 0 });
    const { code, stderr } = await runProgram('start', [id]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const container = await joinContainer(id);
    expect((await container.run('echo', ['lives'])).stdout).toBe('lives\n');
    await container.stop({ timeout: 0 });
    await container.start();
    expect(container.state).toBe('running');
  });

  test('that was started again and crashes is stopped, and can be started', async () => {
    const id = await orphaned();
    const container = await joinContainer(id);
    await container.stop({ timeout: 0 });
    await container.start();
    const init = await initPid(container);
    process.kill(init, 'SIGKILL');
    await eventually(() =>
      expect({ state: container.state, gone: isGone(init) }).toEqual({ state: 'stopped', gone: true }),
    );
    await container.start();
    expect((await container.run('echo', ['back'])).stdout).toBe('back\n');
  });

  test('that was started again is removed by anybody, though who started it lives', async () => {
    const id = await orphaned();
    const container = await joinContainer(id);
    await container.stop({ timeout: 0 });
    await container.start();
    await (await joinContainer(id)).destroy();
    expect(remainsOf(id)).toEqual([]);
  });

  test('that was started again is destroyed whole', async () => {
    const id = await orphaned();
    const container = await joinContainer(id);
    await container.stop({ timeout: 0 });
    await container.start();
    await container.destroy();
    expect(remainsOf(id)).toEqual([]);
    await failure(container.start(), { code: 'ERR_CONTAINERV_STATE', message: /destroyed/ });
  });
});

describe('a stopped container whose maker lives', () => {
  test('is the maker’s to start', async () => {
    await using container = await small({ detached: true });
    const joined = await joinContainer(container.id);
    await joined.stop({ timeout: 0 });
    await failure(joined.start(), { code: 'ERR_CONTAINERV_STATE', message: /still running/ });
    await eventually(() => expect(container.state).toBe('stopped'));
    await container.start();
    expect((await container.run('echo', ['mine'])).stdout).toBe('mine\n');
  });
});
