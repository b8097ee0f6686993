import type { Koffi } from './koffi.js';

/**
 * One native callback for everybody, registered once and never unregistered, because the library may still be about to
 * call it from a thread of its own. Listeners are told apart by a number that the library hands back as its context; a
 * number that nobody listens to any more is ignored.
 */
export class CallbackTable<Arguments extends readonly unknown[]> {
  /** The C function pointer. */
  readonly pointer: bigint;
  readonly #listeners = new Map<bigint, (...args: Arguments) => void>();
  #last = 0n;

  /** @param contextIndex which argument of the callback is the context */
  constructor(
    koffi: typeof Koffi,
    prototype: Koffi.TypeObject,
    contextIndex: number,
    convert: (args: unknown[]) => Arguments,
  ) {
    this.pointer = koffi.register((...args: unknown[]) => {
      const context = args[contextIndex];
      const listener = typeof context === 'bigint' ? this.#listeners.get(context) : undefined;
      if (listener === undefined) return;
      // Pointers among the arguments live only until this returns.
      const converted = convert(args);
      // An exception would have to pass through the library's frames.
      queueMicrotask(() => listener(...converted));
    }, koffi.pointer(prototype));
  }

  /** @returns the context for the library, never 0. */
  add(listener: (...args: Arguments) => void): bigint {
    this.#last += 1n;
    this.#listeners.set(this.#last, listener);
    return this.#last;
  }

  remove(context: bigint): void {
    this.#listeners.delete(context);
  }
}
