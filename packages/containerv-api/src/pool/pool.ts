import { EventEmitter } from 'node:events';
import type { Container } from '../container.js';
import type { ContainerOptions } from '../container-options.js';
import { ContainervError, isContainervError } from '../errors.js';
import { checkOptions } from '../option-check.js';
import { abortError, checkAbortSignal, throwIfAborted } from '../options/abort-signal.js';
import type { ContainerPool, PoolEvents, PoolOptions, TakeOptions } from './container-pool.js';
import { type PoolSpec, resolvePoolOptions } from './pool-spec.js';

type Create = (options: ContainerOptions) => Promise<Container>;

/** Who takes one is at work now: the next is made when it has had this long. */
const REFILL_DELAY_MS = 10;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;
/** As many are made at once as help: making one is half the processor's, half the kernel's work. */
const MOST_AT_ONCE = 2;

interface Waiter {
  readonly resolve: (container: Container) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A pool over any driver's `createContainer`. Resolves once it is full.
 * @throws ContainervError what `create` rejects with; then nothing is left.
 */
export async function makePool(create: Create, options: PoolOptions): Promise<ContainerPool> {
  const spec = resolvePoolOptions(options);
  throwIfAborted(spec.signal, 'create pool');
  const pool = new Pool(create, spec);
  const onAbort = (): void => pool.abandon();
  spec.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await pool.fill();
    throwIfAborted(spec.signal, 'create pool');
    return pool;
  } catch (error) {
    await pool.destroy();
    throw spec.signal?.aborted === true ? abortError(spec.signal, 'create pool') : error;
  } finally {
    spec.signal?.removeEventListener('abort', onAbort);
  }
}

class Pool extends EventEmitter<PoolEvents> implements ContainerPool {
  readonly #create: Create;
  readonly #spec: PoolSpec;
  readonly #user = process.geteuid?.();
  readonly #ready: Container[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #making = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #retryMs = 0;
  #destruction: Promise<void> | undefined;

  constructor(create: Create, spec: PoolSpec) {
    super();
    this.#create = create;
    this.#spec = spec;
  }

  get size(): number {
    return this.#spec.size;
  }

  get ready(): number {
    return this.#ready.length;
  }

  async fill(): Promise<void> {
    while (this.#ready.length < this.size) {
      const missing = Math.min(MOST_AT_ONCE, this.size - this.#ready.length);
      const made = await Promise.allSettled(Array.from({ length: missing }, async () => this.#make()));
      const failed = made.find((result) => result.status === 'rejected');
      for (const result of made) if (result.status === 'fulfilled') this.#park(result.value);
      if (failed !== undefined) throw failed.reason;
    }
  }

  async take(options: TakeOptions = {}): Promise<Container> {
    checkOptions(options, 'options', ['signal']);
    const signal = checkAbortSignal(options.signal);
    throwIfAborted(signal, 'take container');
    this.#checkState();
    const container = this.#ready.shift();
    if (container !== undefined) {
      container.off('exit', this.#onExit);
      this.#plan(this.#ready.length === 0 ? 0 : REFILL_DELAY_MS);
      return container;
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(abortError(signal as AbortSignal, 'take container'));
      };
      const settle = (): void => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        resolve: (taken) => (settle(), resolve(taken)),
        reject: (error) => (settle(), reject(error)),
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      this.#plan(0);
    });
  }

  /** Nothing is made any more; what is being made is given up. */
  abandon(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async destroy(): Promise<void> {
    this.abandon();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(destroyed());
    this.#destruction ??= this.#destroyAll();
    return this.#destruction;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }

  async #destroyAll(): Promise<void> {
    await Promise.all(this.#making);
    const ended = await Promise.allSettled(
      this.#ready.splice(0).map(async (container) => {
        container.off('exit', this.#onExit);
        await container.destroy();
      }),
    );
    const failed = ended.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #checkState(): void {
    if (this.#stop.signal.aborted) throw destroyed();
    if (process.geteuid?.() === this.#user) return;
    throw new ContainervError('ERR_CONTAINERV_STATE', 'This program is another user by now', {
      step: 'take container',
      hint: 'A pool is for the user who made it. Make another.',
    });
  }

  async #make(): Promise<Container> {
    return this.#create({ ...this.#spec.options, signal: this.#stop.signal });
  }

  #park(container: Container): void {
    container.on('exit', this.#onExit);
    this.#ready.push(container);
  }

  /** One that waits has ended: killed from outside, or for memory. Nobody gets it. */
  readonly #onExit = (): void => {
    for (const container of this.#ready.filter(({ state }) => state !== 'running')) {
      this.#ready.splice(this.#ready.indexOf(container), 1);
      const what = `Container '${container.id}' of a pool ended before it was taken`;
      this.#warn(new ContainervError('ERR_CONTAINERV_STATE', what, { step: 'refill pool' }));
      const cleared = container.destroy().catch((error: unknown) => this.#warn(error));
      this.#track(cleared);
    }
    this.#plan(FIRST_RETRY_MS);
  };

  #plan(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    // Who waits is served at once, or told at once: each attempt is for one of them.
    const wait = this.#waiters.length > 0 ? 0 : Math.max(delayMs, this.#retryMs);
    this.#timer = setTimeout(() => this.#refill(), wait);
    // A pool that nobody waits for keeps no program alive.
    if (this.#waiters.length === 0) this.#timer.unref();
  }

  #refill(): void {
    const wanted = this.size + this.#waiters.length - this.#ready.length - this.#making.size;
    for (let more = Math.min(wanted, MOST_AT_ONCE - this.#making.size); more > 0; more--) {
      this.#track(this.#makeOne());
    }
  }

  #track(work: Promise<void>): void {
    this.#making.add(work);
    // None of this work rejects.
    void work.finally(() => {
      this.#making.delete(work);
      if (this.#ready.length < this.size) this.#plan(0);
    });
  }

  /** Never rejects. */
  async #makeOne(): Promise<void> {
    try {
      const container = await this.#make();
      this.#retryMs = 0;
      if (this.#stop.signal.aborted) await container.destroy();
      else this.#deliver(container);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#retryMs = Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.#retryMs * 2));
      const waiter = this.#waiters.shift();
      if (waiter === undefined) this.#warn(error);
      else waiter.reject(error);
    }
  }

  #deliver(container: Container): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#park(container);
    else waiter.resolve(container);
  }

  #warn(error: unknown): void {
    const what = 'A container of a pool could not be made';
    this.emit(
      'warning',
      isContainervError(error)
        ? error
        : new ContainervError('ERR_CONTAINERV_SYSTEM', what, { step: 'refill pool', cause: error }),
    );
  }
}

function destroyed(): ContainervError {
  return new ContainervError('ERR_CONTAINERV_STATE', 'The pool is destroyed', {
    step: 'take container',
    hint: 'Make another with createPool().',
  });
}
