import { type FdPoll, type Native, READABLE } from '../native.js';

const CHUNK_BYTES = 64 * 1024;
// One for all: what is read is out of it before anybody else reads.
let scratch: Buffer | undefined;
// A writer in a hurry fills the usual 64 KiB and sleeps. More for all would use up the user's share (pipe(7),
// pipe-user-pages-soft), so only a pipe that was full this many times in a row is given more.
const FULL_READS = 4;
const GROWN_BYTES = 256 * 1024;
const READS_IN_A_TURN = 8;

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
  #full = false;
  #fullReads = 0;

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
    let wanted: boolean | undefined;
    let reads = 0;
    do {
      this.#full = false;
      wanted = this.#readOnce();
      reads++;
      // A full read means that there may be more; others have their turn too.
    } while (wanted === true && this.#full && reads < READS_IN_A_TURN);
    if (wanted !== false || this.#poll === undefined) return;
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
    if (size > 0) {
      this.#noteSize(size);
      return this.#sink.data(takeRead(scratch, size));
    }
    this.close();
    this.#sink.end();
    return undefined;
  }

  #noteSize(size: number): void {
    this.#full = size === CHUNK_BYTES;
    if (this.#fullReads >= FULL_READS) return;
    this.#fullReads = this.#full ? this.#fullReads + 1 : 0;
    // Where it is not allowed, or a terminal, it stays as it is.
    if (this.#fullReads === FULL_READS) this.#native.growPipe(this.#fd, GROWN_BYTES);
  }
}

/** What was read, out of the common buffer: little is copied, much takes the buffer with it. */
function takeRead(buffer: Buffer, size: number): Buffer {
  if (size < CHUNK_BYTES / 2) return Buffer.from(buffer.subarray(0, size));
  scratch = undefined;
  return buffer.subarray(0, size);
}
