import { Readable } from 'node:stream';
import type { Native } from '../native.js';
import { FdSource } from './fd-source.js';

/** A pipe's read end, or a terminal's master, as a stream. It reads ahead from the start, as child_process does. */
export class FdReadable extends Readable {
  readonly #source: FdSource;

  constructor(native: Native, fd: number) {
    super({ autoDestroy: true, highWaterMark: 64 * 1024 });
    this.#source = new FdSource(native, fd, {
      data: (chunk) => this.push(chunk),
      end: () => this.push(null),
      failed: (error) => this.destroy(error),
    });
    this.#source.resume();
  }

  /** Takes over what is there, past the high-water mark if need be, without waiting for more. */
  drain(): void {
    this.#source.drain();
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.close();
    callback(error);
  }
}
