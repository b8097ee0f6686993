import { describe, expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { processes, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';

const GRACE_MS = 5000;

describe('timeout', () => {
  test('ends the process by SIGTERM, and run() rejects with what there was', async () => {
    await using container = await small();
    const started = Date.now();
    const error = await failure(container.run('sleep', [], { timeout: 200 }), {
      code: 'ERR_CONTAINERV_TIMEOUT',
      message: /timed out after \d+ ms \(signal SIGTERM\): sleep/,
    });
    expect(Date.now() - started).toBeGreaterThanOrEqual(195);
    expect(Date.now() - started).toBeLessThan(GRACE_MS);
    expect(error).toMatchObject({
      result: { stdout: 'ready\n', timedOut: true, signal: 'SIGTERM', exitCode: null },
    });
    const kept = await container.run('sleep', [], { timeout: '100ms', reject: false });
    expect(kept).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
  });

  test('a process that ignores SIGTERM gets SIGKILL five seconds later', async () => {
    await using container = await small();
    const started = Date.now();
    const stubborn = await container.spawn('stubborn', [], { timeout: 100 });
    expect(await stubborn.wait()).toMatchObject({ signal: 'SIGKILL', cause: 'timeout' });
    expect(Date.now() - started).toBeGreaterThanOrEqual(GRACE_MS);
    expect(Date.now() - started).toBeLessThan(GRACE_MS + 3000);
  });

  test('what the process leaves of its group is killed as well, after the same time', async () => {
    await using container = await small();
    const process = await container.spawn('group', ['3'], { timeout: 150 });
    // The leader obeys SIGTERM, its children ignore it.
    expect(await process.wait()).toMatchObject({ signal: 'SIGTERM', cause: 'timeout' });
    await eventually(async () => {
      expect((await processes(container)).filter(({ name }) => name === 'group')).toEqual([]);
    }, GRACE_MS + 3000);
  });

  test('the whole process group is meant', async () => {
    await using container = await small();
    const process = await container.spawn('group', ['3'], { timeout: 150, killSignal: 'SIGKILL' });
    expect(await process.wait()).toMatchObject({ signal: 'SIGKILL', cause: 'timeout' });
    await eventually(async () => {
      expect((await processes(container)).filter(({ name }) => name === 'group')).toEqual([]);
    });
  });

  test('killSignal chooses another signal', async () => {
    await using container = await small();
    const process = await container.spawn('sleep', [], { timeout: 50, killSignal: 'SIGUSR2' });
    expect(await process.wait()).toMatchObject({ signal: 'SIGUSR2', cause: 'timeout' });
    const stubborn = await container.spawn('stubborn', [], { timeout: 50, killSignal: 'SIGKILL' });
    expect(await stubborn.wait()).toMatchObject({ signal: 'SIGKILL', cause: 'timeout' });
  });

  test('0 is none, and one that is not reached changes nothing', async () => {
    await using container = await small();
    expect(await container.run('sleep', ['50'], { timeout: 0 })).toMatchObject({
      exitCode: 0,
      timedOut: false,
    });
    expect(await container.run('true', [], { timeout: '1h' })).toMatchObject({
      exitCode: 0,
      timedOut: false,
    });
  });
});

describe('AbortSignal', () => {
  const abortedBy = (reason: unknown): AbortSignal => AbortSignal.abort(reason);

  test('of a process, fired before: nothing is started', async () => {
    await using container = await small();
    const reason = new Error('no longer wanted');
    const error = await failure(container.spawn('sleep', [], { signal: abortedBy(reason) }), {
      code: 'ERR_CONTAINERV_ABORTED',
    });
    expect(error.cause).toBe(reason);
    await failure(container.run('sleep', [], { signal: abortedBy(reason) }), {
      code: 'ERR_CONTAINERV_ABORTED',
    });
    expect((await processes(container)).filter(({ name }) => name === 'sleep')).toEqual([]);
  });

  test('fired while it starts: it is not there afterwards', async () => {
    await using container = await small();
    for (let round = 0; round < 50; round++) {
      const controller = new AbortController();
      const started = container.run('sleep', [], { signal: controller.signal });
      if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      controller.abort(round);
      const error = await failure(started, { code: 'ERR_CONTAINERV_ABORTED' });
      expect(error.cause).toBe(round);
    }
    expect((await processes(container)).filter(({ name }) => name === 'sleep')).toEqual([]);
  });

  test('fired while it runs: it ends, and run() rejects with the reason and what there was', async () => {
    await using container = await small();
    const controller = new AbortController();
    const process = await container.spawn('sleep', [], { signal: controller.signal });
    // Listened to from the start: the rejection may come while the other process is waited for.
    const refusal = failure(container.run('sleep', [], { signal: controller.signal }), {
      code: 'ERR_CONTAINERV_ABORTED',
      message: /was aborted/,
    });
    await untilSaid(process, 'ready');
    await eventually(async () =>
      expect((await processes(container)).filter(({ name }) => name === 'sleep')).toHaveLength(2),
    );
    controller.abort('enough');
    expect(await process.wait()).toMatchObject({ signal: 'SIGTERM', cause: 'aborted' });
    const error = await refusal;
    expect(error).toMatchObject({ cause: 'enough', result: { signal: 'SIGTERM' } });
  });

  test('fired after it ended: nothing happens', async () => {
    await using container = await small();
    const controller = new AbortController();
    await container.run('true', [], { signal: controller.signal });
    const process = await container.spawn('exit', ['7'], { signal: controller.signal });
    await process.wait();
    controller.abort();
    expect(await process.wait()).toMatchObject({ exitCode: 7, cause: 'exit' });
    expect(container.state).toBe('running');
  });

  test('AbortSignal.timeout() works as one', async () => {
    await using container = await small();
    const error = await failure(container.run('sleep', [], { signal: AbortSignal.timeout(50) }), {
      code: 'ERR_CONTAINERV_ABORTED',
    });
    expect(error.cause).toMatchObject({ name: 'TimeoutError' });
  });
});
