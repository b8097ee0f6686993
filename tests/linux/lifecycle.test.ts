import type { Container } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { initPid, isGone } from '../support/host.js';
import { remainsOf } from '../support/remains.js';
import { recordStates } from '../support/states.js';
import { idFor } from '../support/suite.js';

describe('create and destroy', () => {
  test('a new container runs; destroyed, nothing of it is left', async () => {
    const container = await small();
    const init = await initPid(container);
    expect(container).toMatchObject({
      state: 'running',
      guest: 'linux',
      id: expect.stringMatching(/^[a-z0-9-]+$/) as string,
    });
    const states = recordStates(container);
    const exits: unknown[] = [];
    container.on('exit', (exit) => exits.push(exit));
    await container.destroy();
    expect(container.state).toBe('destroyed');
    expect(states).toEqual(['destroyed']);
    expect(exits).toEqual([{ reason: 'destroyed' }]);
    expect(remainsOf(container.id)).toEqual([]);
    expect(isGone(init)).toBe(true);
  });

  test('destroy() twice, also at once, and at the end of `await using`', async () => {
    await using container = await small();
    await Promise.all([container.destroy(), container.destroy()]);
    await container.destroy();
    expect(container.state).toBe('destroyed');
  });

  test('`await using` destroys, also when the block throws', async () => {
    let seen: Container | undefined;
    const block = async (): Promise<void> => {
      await using container = await small();
      seen = container;
      throw new Error('in the block');
    };
    await expect(block()).rejects.toThrow('in the block');
    expect(seen?.state).toBe('destroyed');
    expect(remainsOf(seen?.id ?? '')).toEqual([]);
  });

  test('destroy() while processes start, run and write', async () => {
    for (let round = 0; round < 20; round++) {
      const container = await small();
      const calls = [
        ...Array.from({ length: 5 }, async () => container.run('true')),
        ...Array.from({ length: 5 }, async () =>
          container.run('flood', [], { stdio: ['ignore', 'ignore', 'ignore'] }),
        ),
        ...Array.from({ length: 5 }, async () =>
          (await container.spawn('stubborn', [], { stdio: 'ignore' })).wait(),
        ),
      ];
      const settled = Promise.allSettled(calls);
      for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve));
      await container.destroy();
      const results = await settled;
      const bad = results.filter(
        (result) =>
          result.status === 'rejected' &&
          !/^ERR_CONTAINERV_(RUN|STATE)$/.test((result.reason as { code: string }).code),
      );
      expect(bad).toEqual([]);
      expect(remainsOf(container.id)).toEqual([]);
    }
  });

  test('after destroy() every call says that it is destroyed', async () => {
    const container = await small();
    await container.destroy();
    const expected = { code: 'ERR_CONTAINERV_STATE', message: /destroyed/ };
    await failure(container.spawn('true'), expected);
    await failure(container.run('true'), expected);
    await failure(container.kill(2), expected);
    await failure(container.start(), expected);
    await failure(container.stop(), expected);
  });

  test('an id that is in use is refused, and the one that has it stays', async () => {
    await using first = await small({ id: idFor('taken') });
    await failure(small({ id: idFor('taken') }), {
      code: 'ERR_CONTAINERV_EXISTS',
      step: 'prepare container',
      message: /'taken-\d+' is in use/,
      hint: /containerv rm -f taken-\d+/,
    });
    expect((await first.run('echo', ['still'])).stdout).toBe('still\n');
    await first.destroy();
    await using again = await small({ id: idFor('taken') });
    expect(again.state).toBe('running');
  });

  test('of ten that want one id at once, one gets it', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, async () => small({ id: idFor('contested') })),
    );
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const codes = results.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as { code: string }).code] : [],
    );
    for (const container of made) await container.destroy();
    expect(made).toHaveLength(1);
    expect(codes).toEqual(Array(9).fill('ERR_CONTAINERV_EXISTS'));
    expect(remainsOf(idFor('contested'))).toEqual([]);
  });
});

test('init that is killed from outside is a crash, told by an event, and everything can be cleaned up', async () => {
  await using container = await small();
  const exits: unknown[] = [];
  container.on('exit', (exit) => exits.push(exit));
  const process = await container.spawn('sleep');
  await untilSaid(process, 'ready');
  globalThis.process.kill(await initPid(container), 'SIGKILL');
  expect(await process.wait()).toMatchObject({ cause: 'destroyed' });
  await eventually(() => expect(exits).toEqual([{ reason: 'crashed' }]));
  expect(container.state).toBe('stopped');
  await container.start();
  expect((await container.run('echo', ['again'])).stdout).toBe('again\n');
});
