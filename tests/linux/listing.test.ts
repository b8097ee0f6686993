import { createContainer, joinContainer, listContainers } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { remainsOf } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { idFor } from '../support/suite.js';

describe('listContainers() and joinContainer()', () => {
  test('tell what there is', async () => {
    await using container = await createContainer({
      id: idFor('listed'),
      rootfs: sharedRoot(),
      policy: 'minimal',
    });
    const [info, ...more] = await listContainers();
    expect(more).toEqual([]);
    expect(info).toMatchObject({
      id: idFor('listed'),
      state: 'running',
      guest: 'linux',
      initPid: expect.any(Number) as number,
      ownerPid: process.pid,
      detached: false,
      rootfs: sharedRoot(),
      policy: 'minimal',
    });
    expect(Math.abs(Date.now() - (info?.createdAt.getTime() ?? 0))).toBeLessThan(10_000);
    await container.stop();
    expect(await listContainers()).toMatchObject([{ id: idFor('listed'), state: 'stopped', initPid: null }]);
  });

  test('an unknown id is not found, with the nearest known one', async () => {
    await using _container = await small({ id: idFor('workshop') });
    await failure(joinContainer(idFor('workshpo')), { code: 'ERR_CONTAINERV_NOT_FOUND', hint: /workshop/ });
    await failure(joinContainer('xyz'), { code: 'ERR_CONTAINERV_NOT_FOUND', hint: /containerv ps/ });
    await failure(joinContainer('../../etc'), { code: 'ERR_CONTAINERV_INVALID_OPTION' });
  });

  test('who joined may destroy it; the owner sees it end', async () => {
    await using container = await small();
    const exits: unknown[] = [];
    container.on('exit', (exit) => exits.push(exit));
    const joined = await joinContainer(container.id);
    await joined.destroy();
    expect(joined.state).toBe('destroyed');
    await eventually(() => expect(exits).toHaveLength(1));
    expect(container.state).toBe('stopped');
    await container.destroy();
    expect(remainsOf(container.id)).toEqual([]);
  });

  test('who joined a stopped container removes nothing of it while its maker lives, and is told so', async () => {
    await using container = await small();
    await container.stop({ timeout: 0 });
    const before = remainsOf(container.id);
    expect(before).not.toEqual([]);
    const joined = await joinContainer(container.id);
    await failure(joined.destroy(), {
      code: 'ERR_CONTAINERV_STATE',
      step: 'destroy container',
      message: /kept by the program that made it/,
    });
    expect(joined.state).toBe('stopped');
    expect(remainsOf(container.id)).toEqual(before);
    await container.start();
    expect((await container.run('true')).exitCode).toBe(0);
    await container.destroy();
    expect(remainsOf(container.id)).toEqual([]);
  });
});
