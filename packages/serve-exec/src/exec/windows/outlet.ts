import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const IDLE_MS = 1000;

/** Copies what a command writes. Its reader going away closes the command's end as well. */
export class Outlet {
  readonly #from: Readable;
  readonly #to: Writable;
  readonly #copied: Promise<true>;
  #read = 0;
  #written = 0;

  constructor(from: Readable, to: Writable) {
    this.#from = from;
    this.#to = to;
    // Also when nothing is being written.
    to.on('error', () => from.destroy());
    this.#copied = this.#copy();
  }

  /**
   * After the command has ended: until the end of its stream, or for as long as more comes. What it left running can hold
   * the stream open for ever.
   */
  async drained(): Promise<void> {
    for (let seen = -1; seen !== this.#read || this.#read !== this.#written; ) {
      seen = this.#read;
      const given = new AbortController();
      const idle = sleep(IDLE_MS, false, { signal: given.signal }).catch(() => false);
      const over = await Promise.race([this.#copied, idle]);
      given.abort();
      if (over) return;
    }
  }

  async #copy(): Promise<true> {
    try {
      for await (const chunk of this.#from) {
        this.#read++;
        await this.#write(chunk as Buffer);
        this.#written++;
      }
    } catch {
      // The reader is gone, or the stream is: there is nothing more to copy.
    }
    this.#from.destroy();
    return true;
  }

  async #write(chunk: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#to.write(chunk, (error?: Error | null) => (error ? reject(error) : resolve()));
    });
  }
}
