import { type Container, joinContainer } from 'containerv-linux';
import { expect, test } from 'vitest';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { describeWithGroups } from '../support/privilege.js';

const LIMITS = { memory: '32M', swap: 0 } as const;
const TOO_MUCH = `${256 * 1024 ** 2}`;

async function untilTold(container: Container): Promise<void> {
  await new Promise<void>((resolve) => {
    container.once('oom', () => resolve());
  });
}

describeWithGroups('out of memory', () => {
  test('is the cause of the end, and an event', async () => {
    await using container = await small({ limits: LIMITS });
    const told = untilTold(container);
    const { exitCode, signal } = await container.run('allocate', [TOO_MUCH], { reject: false });
    expect({ exitCode, signal }).toEqual({ exitCode: null, signal: 'SIGKILL' });
    await told;
    const hog = await container.spawn('allocate', [TOO_MUCH], { stdio: 'ignore' });
    expect((await hog.wait()).cause).toBe('oom');
    expect((await container.stats()).oomKills).toBe(2);
  });

  test('is told at once also of a process that nobody waits for', async () => {
    await using container = await small({ limits: LIMITS });
    const told = untilTold(container);
    // The hog is a child of a program that goes on.
    const parent = await container.spawn('parent', ['allocate', TOO_MUCH], { stdio: 'ignore' });
    await told;
    expect((await container.processes()).map(({ pid }) => pid)).toContain(parent.pid);
  });

  test('is seen by who joined', async () => {
    await using container = await small({ limits: LIMITS });
    await container.run('allocate', [TOO_MUCH], { reject: false });
    const joined = await joinContainer(container.id);
    let events = 0;
    joined.on('oom', () => events++);
    const hog = await joined.spawn('allocate', [TOO_MUCH], { stdio: 'ignore' });
    expect((await hog.wait()).cause).toBe('oom');
    // What was killed before it joined is not told.
    await eventually(() => expect(events).toBe(1));
  });

  test('is not the cause of every SIGKILL', async () => {
    await using container = await small({ limits: LIMITS });
    const first = await container.spawn('sleep', [], { stdio: 'ignore' });
    const second = await container.spawn('sleep', [], { stdio: 'ignore' });
    await container.run('allocate', [TOO_MUCH], { reject: false });
    await first.kill('SIGKILL');
    expect((await first.wait()).cause).toBe('signal');
    await container.kill(second.pid, 'SIGKILL');
    expect((await second.wait()).cause).toBe('signal');
  });

  test('two at once are two', async () => {
    await using container = await small({ limits: { memory: '64M', swap: 0 } });
    const hogs = await Promise.all(
      Array.from({ length: 2 }, async () => container.spawn('allocate', [TOO_MUCH], { stdio: 'ignore' })),
    );
    const ends = await Promise.all(hogs.map(async (hog) => hog.wait()));
    expect(ends.map(({ cause }) => cause)).toEqual(['oom', 'oom']);
  });
});
