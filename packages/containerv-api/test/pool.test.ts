import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Container, ContainerOptions, ContainerPool, PoolOptions } from '../src/index.js';
import { ContainervError, makePool } from '../src/index.js';

class FakeContainer extends EventEmitter {
  state = 'running';
  readonly id: string;
  constructor(id: string) {
    super();
    this.id = id;
  }
  async destroy(): Promise<void> {
    this.state = 'destroyed';
  }
  die(): void {
    this.state = 'stopped';
    this.emit('exit', { reason: 'crashed' });
  }
}

/** Containers that are made when the test says so, or at once. */
class Maker {
  readonly made: FakeContainer[] = [];
  readonly asked: ContainerOptions[] = [];
  readonly errors: Error[] = [];
  most = 0;
  #making = 0;

  readonly create = async (options: ContainerOptions): Promise<Container> => {
    this.asked.push(options);
    this.most = Math.max(this.most, ++this.#making);
    await sleep(1);
    this.#making--;
    const error = this.errors.shift();
    if (error !== undefined) throw error;
    const container = new FakeContainer(`c${this.made.length}`);
    this.made.push(container);
    return container as unknown as Container;
  };

  get alive(): string[] {
    return this.made.filter(({ state }) => state === 'running').map(({ id }) => id);
  }
}

async function poolOf(maker: Maker, options: Partial<PoolOptions> = {}): Promise<ContainerPool> {
  return makePool(maker.create, { size: 3, ...options });
}

async function until(check: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !check(); round++) await sleep(2);
  expect(check()).toBe(true);
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: unknown) => (error instanceof ContainervError ? error.code : String(error)),
  );
}

const failing = (): ContainervError => new ContainervError('ERR_CONTAINERV_SYSTEM', 'no room');

test('is full when it is made, gives each out once and makes as many again', async () => {
  const maker = new Maker();
  const pool = await poolOf(maker);
  expect([pool.size, pool.ready, maker.made.length]).toEqual([3, 3, 3]);
  const taken = [await pool.take(), await pool.take(), await pool.take(), await pool.take()];
  expect(new Set(taken).size).toBe(4);
  await until(() => pool.ready === 3);
  expect(maker.most).toBeLessThanOrEqual(2);
  await pool.destroy();
  expect(maker.alive).toEqual(taken.map(({ id }) => id));
});

test('who takes more than there is waits in turn', async () => {
  const maker = new Maker();
  const pool = await poolOf(maker, { size: 1 });
  const order: number[] = [];
  const taking = Array.from({ length: 6 }, async (_, turn) => {
    const { id } = await pool.take();
    order.push(turn);
    return id;
  });
  expect(new Set(await Promise.all(taking)).size).toBe(6);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  await pool.destroy();
});

describe('when one cannot be made', () => {
  test('there is no pool, and nothing is left', async () => {
    const maker = new Maker();
    maker.errors.push(failing());
    await expect(poolOf(maker)).rejects.toThrow('no room');
    expect(maker.alive).toEqual([]);
  });

  test('later on it is told, and tried again', async () => {
    const maker = new Maker();
    const pool = await poolOf(maker, { size: 2 });
    const warnings: string[] = [];
    pool.on('warning', ({ message }) => warnings.push(message));
    maker.errors.push(failing(), failing());
    await pool.take();
    await until(() => pool.ready === 2);
    expect(warnings).toEqual(['no room', 'no room']);
    await pool.destroy();
  });

  test('who waits for it is told', async () => {
    const maker = new Maker();
    const pool = await poolOf(maker, { size: 1 });
    await pool.take();
    maker.errors.push(failing());
    const [first, second] = [pool.take(), pool.take()];
    await expect(first).rejects.toThrow('no room');
    expect((await second).id).toBe('c1');
    await pool.destroy();
  });
});

test('one that ends before it is taken is nobody’s', async () => {
  const maker = new Maker();
  const pool = await poolOf(maker, { size: 2 });
  const warnings: string[] = [];
  pool.on('warning', ({ message }) => warnings.push(message));
  maker.made[0]?.die();
  expect(pool.ready).toBe(1);
  expect((await pool.take()).id).toBe('c1');
  await until(() => pool.ready === 2);
  expect(maker.made[0]?.state).toBe('destroyed');
  expect(warnings[0]).toMatch(/'c0' of a pool ended/);
  await pool.destroy();
});

test('destroy() ends what waits, also what is being made and who waits for it', async () => {
  const maker = new Maker();
  const pool = await poolOf(maker, { size: 1 });
  const mine = await pool.take();
  const waiting = codeOf(pool.take());
  await Promise.all([pool.destroy(), pool.destroy()]);
  expect(await waiting).toBe('ERR_CONTAINERV_STATE');
  expect(maker.alive).toEqual([mine.id]);
  await expect(pool.take()).rejects.toMatchObject({ code: 'ERR_CONTAINERV_STATE' });
});

test('signals: of the pool while it is made, of take() while it waits', async () => {
  const maker = new Maker();
  const abort = new AbortController();
  const making = codeOf(poolOf(maker, { size: 50, signal: abort.signal }));
  abort.abort();
  expect(await making).toBe('ERR_CONTAINERV_ABORTED');
  expect(maker.alive).toEqual([]);
  const pool = await poolOf(maker, { size: 1 });
  const { id } = await pool.take();
  const giveUp = new AbortController();
  const waiting = codeOf(pool.take({ signal: giveUp.signal }));
  giveUp.abort();
  expect(await waiting).toBe('ERR_CONTAINERV_ABORTED');
  await until(() => pool.ready === 1);
  await pool.destroy();
  expect(maker.alive).toEqual([id]);
});

test('options are the pool’s own from the start', async () => {
  const maker = new Maker();
  const mounts = [{ source: 'relative', target: '/a' }];
  const pool = await poolOf(maker, { size: 1, mounts, env: { A: '1' } });
  mounts[0] = { source: '/etc', target: '/b' };
  await pool.take();
  await until(() => pool.ready === 1);
  for (const asked of maker.asked) {
    expect(asked).toMatchObject({
      mounts: [{ source: `${process.cwd()}/relative`, target: '/a' }],
      env: { A: '1' },
    });
  }
  await pool.destroy();
});

test.for<readonly [string, object, RegExp]>([
  ['no size', {}, /`size`/],
  ['size 0', { size: 0 }, /`size`/],
  ['an id', { size: 1, id: 'x' }, /`id`/],
  ['detached', { size: 1, detached: true }, /`detached`/],
  ['a misspelt option', { size: 1, polcy: 'build' }, /`policy`/],
])('refused: %s', async ([, options, said]) => {
  const refused = makePool(new Maker().create, options as PoolOptions);
  await expect(refused).rejects.toMatchObject({ code: 'ERR_CONTAINERV_INVALID_OPTION' });
  await expect(refused).rejects.toThrow(said);
});
