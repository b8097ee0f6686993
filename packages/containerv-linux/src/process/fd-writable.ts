import { Writable } from 'node:stream';
import { type FdPoll, type Native, WRITABLE } from '../native.js';

/** The write end of a pipe, or a terminal's master, as a stream that owns the descriptor. */
export class FdWritable extends Writable {
  readonly #native: Native;
  #poll: FdPoll | undefined;
  readonly #fd: number;
  #pending: { readonly rest: Buffer; readonly callback: (error?: Error | null) => void } | undefined;

  constructor(native: Native, fd: number) {
    super({ autoDestroy: true, decodeStrings: true });
    this.#native = native;
    this.#fd = fd;
    this.#poll = new native.FdPoll(fd, () => this.#onWritable());
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#continue(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#release();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#release();
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.callback(error ?? new Error('The stream was destroyed'));
    callback(error);
  }

  #onWritable(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#poll?.stop();
    if (pending !== undefined) this.#continue(pending.rest, pending.callback);
  }

  #continue(chunk: Buffer, callback: (error?: Error | null) => void): void {
    let rest = chunk;
    try {
      while (rest.length > 0) {
        const size = this.#native.write(this.#fd, rest);
        if (size < 0) {
          this.#pending = { rest, callback };
          this.#poll?.start(WRITABLE);
          return;
        }
        rest = rest.subarray(size);
      }
    } catch (error) {
      callback(brokenPipe(error));
      return;
    }
    callback();
  }

  #release(): void {
    if (this.#poll === undefined) return;
    this.#poll.close();
    this.#poll = undefined;
    this.#native.close(this.#fd);
  }
}

/** The error that node:net gives a write to a reader that has gone, with its `code`. */
function brokenPipe(error: unknown): Error {
  const failed = error as Error & { errno?: number; code?: string };
  if (failed.errno === -32) failed.code = 'EPIPE';
  return failed;
}
