import { setTimeout as sleep } from 'node:timers/promises';
import { createContainer, joinContainer, listContainers } from 'containerv-linux';
import { expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { cpuTimeMs } from '../support/groups.js';
import { initPid, isGone } from '../support/host.js';
import { describeAsUser, describeWithGroups } from '../support/privilege.js';
import { startProgram } from '../support/program.js';
import { pruneAll, remainsOf } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { recordStates } from '../support/states.js';
import { idFor } from '../support/suite.js';

async function stateOf(id: string): Promise<string | undefined> {
  return (await listContainers()).find((info) => info.id === id)?.state;
}

describeWithGroups('a paused container', () => {
  test('uses no processor time, and goes on where it was', async () => {
    await using container = await small();
    const states = recordStates(container);
    const child = await container.spawn('burn', ['1000000'], { stdio: 'ignore' });
    await container.pause();
    expect(container.state).toBe('paused');
    expect(await stateOf(container.id)).toBe('paused');
    const before = cpuTimeMs(container);
    await sleep(100);
    expect(cpuTimeMs(container) - before).toBeLessThan(5);
    await container.resume();
    expect(container.state).toBe('running');
    await eventually(() => expect(cpuTimeMs(container)).toBeGreaterThan(before + 20));
    expect(states).toEqual(['paused', 'running']);
    await child.kill('SIGKILL');
  });

  test('stands still with all of its children, those that it makes meanwhile included', async () => {
    await using container = await small({ limits: { pids: 40 } });
    const bombs = await Promise.all(
      Array.from({ length: 3 }, async () => container.spawn('fork-bomb', ['9'], { stdio: 'ignore' })),
    );
    await container.pause();
    const first = await container.processes();
    const before = cpuTimeMs(container);
    await sleep(50);
    expect((await container.processes()).map(({ pid }) => pid)).toEqual(first.map(({ pid }) => pid));
    expect(cpuTimeMs(container) - before).toBeLessThan(5);
    await container.resume();
    for (const bomb of bombs) expect(await bomb.wait()).toMatchObject({ exitCode: 0 });
  });

  test('stands still at once, every time, while it makes one process after another', async () => {
    await using container = await createContainer();
    for (let i = 0; i < 2; i++)
      await container.spawn('sh', ['-c', 'while :; do /bin/true; done'], { stdio: 'ignore' });
    for (let round = 0; round < 300; round++) {
      const before = performance.now();
      await container.pause();
      // Not by giving up, which is after ten seconds.
      expect(performance.now() - before).toBeLessThan(5000);
      await container.resume();
    }
  });

  test('starts nothing', async () => {
    await using container = await small();
    await container.pause();
    const expected = { code: 'ERR_CONTAINERV_STATE', message: /paused/, hint: /resume\(\)/ };
    await failure(container.spawn('true'), expected);
    await failure(container.run('true'), expected);
    await container.resume();
    expect((await container.run('echo', ['again'])).stdout).toBe('again\n');
  });

  test('gets signals at the latest when it goes on, those of a timeout included', async () => {
    await using container = await small();
    const child = await container.spawn('sleep');
    await untilSaid(child, 'ready');
    // Long enough to be seen and paused before it fires.
    const late = container.run('sleep', [], { timeout: 2000, reject: false });
    await eventually(async () => expect(await container.processes()).toHaveLength(3));
    await container.pause();
    await child.kill('SIGTERM');
    if (container.enforced.cgroup === 'v2') {
      // There, what ends a process ends it although it stands still.
      await eventually(async () => expect(await container.processes()).toHaveLength(1));
    } else {
      await sleep(2500);
      expect(await container.processes()).toHaveLength(3);
    }
    await container.resume();
    expect(await child.wait()).toMatchObject({ signal: 'SIGTERM' });
    expect(await late).toMatchObject({ timedOut: true });
  });

  test('stops: what gets the signal may handle it', async () => {
    await using container = await small();
    const child = await container.spawn('sleep');
    await untilSaid(child, 'ready');
    await container.pause();
    await container.stop();
    expect(await child.wait()).toMatchObject({ signal: 'SIGTERM' });
    expect(container.state).toBe('stopped');
    await container.start();
    expect((await container.run('echo', ['again'])).stdout).toBe('again\n');
    await container.pause();
    expect(container.state).toBe('paused');
  });

  test('is destroyed at once, and nothing of it is left', async () => {
    const container = await small();
    const child = await container.spawn('stubborn', [], { stdio: 'ignore' });
    await container.pause();
    await container.destroy();
    expect(await child.wait()).toMatchObject({ cause: 'destroyed' });
    expect(remainsOf(container.id)).toEqual([]);
  });

  test('pause() and resume() twice are once; on a stopped container they are errors', async () => {
    await using container = await small();
    await container.resume();
    await Promise.all([container.pause(), container.pause()]);
    await container.pause();
    expect(container.state).toBe('paused');
    await Promise.all([container.resume(), container.resume()]);
    expect(container.state).toBe('running');
    await container.stop({ timeout: 0 });
    await failure(container.pause(), { code: 'ERR_CONTAINERV_STATE', message: /stopped/ });
    await failure(container.resume(), { code: 'ERR_CONTAINERV_STATE', message: /stopped/ });
  });

  test('is paused for everybody, and anybody may let it go on', async () => {
    await using container = await small();
    const joined = await joinContainer(container.id);
    await container.pause();
    await eventually(() => expect(joined.state).toBe('paused'));
    await failure(joined.spawn('true'), { code: 'ERR_CONTAINERV_STATE', message: /paused/ });
    const late = await joinContainer(container.id);
    expect(late.state).toBe('paused');
    await late.resume();
    await eventually(() => expect(container.state).toBe('running'));
    await joined.pause();
    await eventually(() => expect(container.state).toBe('paused'));
  });

  test('dies with its owner, though nothing in it can run', async () => {
    const id = idFor('paused-orphan');
    const program = startProgram('hold', [JSON.stringify({ id, command: 'stubborn' })], {
      env: { ROOTFS: sharedRoot() },
    });
    await program.said('all');
    const joined = await joinContainer(id);
    const init = await initPid(joined);
    await joined.pause();
    program.child.kill('SIGKILL');
    await program.ended;
    await eventually(() => expect(isGone(init)).toBe(true));
    await pruneAll();
  });

  test('that lost its init all the same is cleared away', async () => {
    const id = idFor('paused-killed');
    const program = startProgram('hold', [JSON.stringify({ id, command: 'stubborn' })], {
      env: { ROOTFS: sharedRoot() },
    });
    await program.said('all');
    const joined = await joinContainer(id);
    await joined.pause();
    // The owner first: it would let them go as it saw init die.
    program.child.kill('SIGSTOP');
    process.kill(await initPid(joined), 'SIGKILL');
    program.child.kill('SIGKILL');
    await program.ended;
    await pruneAll();
    expect(remainsOf(id)).toEqual([]);
  });
});

describeAsUser('without a control group of its own', () => {
  test('a container cannot be paused, and says so', async () => {
    await using container = await small();
    if (container.enforced.cgroup !== false) return;
    await failure(container.pause(), {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      message: /cannot be paused/,
      hint: /delegated/,
    });
    expect(container.state).toBe('running');
    expect((await container.run('echo', ['on'])).stdout).toBe('on\n');
  });
});
