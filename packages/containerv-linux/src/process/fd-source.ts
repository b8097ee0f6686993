import { type FdPoll, type Native, READABLE } from '../native.js';

const CHUNK_BYTES = 64 * 1024;
// One for all: what is read is copied out before anybody else reads.
let scratch: Buffer | undefined;

export interface FdSink {
  /** `false`: no more for now; {@link FdSource.resume} asks again. */
  data(chunk: Buffer): boolean;
  end(): void;
  failed(error: Error): void;
}

/**
 * Reads a pipe or a terminal's master as data comes; owns the descriptor and closes it at the end. Unlike a socket it
 * can be drained: all that an ended process wrote is in the pipe by then, even while somebody else holds it open.
 */
export class FdSource {
  readonly #native: Native;
  readonly #fd: number;
  readonly #sink: FdSink;
  #poll: FdPoll | undefined;
  #reading = false;

  constructor(native: Native, fd: number, sink: FdSink) {
    this.#native = native;
    this.#fd = fd;
    this.#sink = sink;
    this.#poll = new native.FdPoll(fd, () => this.#onReadable());
  }

  get open(): boolean {
    return this.#poll !== undefined;
  }

  resume(): void {
    if (this.#reading || this.#poll === undefined) return;
    this.#reading = true;
    this.#poll.start(READABLE);
  }

  /** Hands over what is there, wanted or not, without waiting for more. */
  drain(): void {
    while (this.#readOnce() !== undefined);
  }

  close(): void {
    if (this.#poll === undefined) return;
    this.#poll.close();
    this.#poll = undefined;
    this.#native.close(this.#fd);
  }

  #onReadable(): void {
    if (this.#readOnce() !== false || this.#poll === undefined) return;
    this.#reading = false;
    this.#poll.stop();
  }

  /** `undefined`: nothing there, or the end; otherwise whether more is wanted. */
  #readOnce(): boolean | undefined {
    if (this.#poll === undefined) return undefined;
    scratch ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let size: number;
    try {
      size = this.#native.read(this.#fd, scratch);
    } catch (error) {
      this.close();
      this.#sink.failed(error as Error);
      return undefined;
    }
    if (size < 0) return undefined;
    if (size > 0) return this.#sink.data(Buffer.from(scratch.subarray(0, size)));
    this.close();
    this.#sink.end();
    return undefined;
  }
}
