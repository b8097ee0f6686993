import { ContainervError } from 'containerv-api';
import type { CallObserver, NativeFunction } from './library.js';

/**
 * A handle of HCS with one owner. It is closed once, and only when no call uses it any more: closing one under a call
 * that still runs, such as one that has passed its deadline, ends the program inside of the library.
 */
export class NativeHandle {
  readonly #value: bigint;
  readonly #closer: (value: bigint) => Promise<unknown>;
  #uses = 0;
  #given = false;
  #closing: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(value: bigint, closer: (value: bigint) => Promise<unknown>) {
    this.#value = value;
    this.#closer = closer;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** `native(handle, ...args)`. */
  async call(
    native: NativeFunction,
    deadlineMs: number,
    args: readonly unknown[],
    observer: CallObserver = {},
  ): Promise<number> {
    if (this.#closing !== undefined) throw closedError(native.name);
    this.#uses++;
    const done = (): void => {
      observer.done?.();
      this.#uses--;
      this.#closeIfIdle();
    };
    return native.call(deadlineMs, [this.#value, ...args], { ...observer, done });
  }

  /** Keeps it open until then, for something that uses it beyond a call. */
  holdUntil(end: Promise<unknown>): void {
    this.#uses++;
    const release = (): void => {
      this.#uses--;
      this.#closeIfIdle();
    };
    end.then(release, release);
  }

  /** Resolves once it is closed; at once, and closes later, when a call that has passed its deadline holds it. */
  async close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = withResolvers();
      this.#closeIfIdle();
    }
    if (this.#uses === 0) await this.#closing.promise;
  }

  #closeIfIdle(): void {
    const closing = this.#closing;
    // Once: whoever holds it after that, such as what its own end was told to, lets go of it again.
    if (closing === undefined || this.#uses > 0 || this.#given) return;
    this.#given = true;
    // What cannot be closed is gone with the service.
    this.#closer(this.#value).then(closing.resolve, closing.resolve);
  }
}

function closedError(call: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_STATE', 'The container or process was given up before', {
    syscall: call,
  });
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
