import { type FileHandle, open, rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { segmentFile, SEGMENTS } from './log-segments.js';

/** Keeps the newest of what is written to it, at least `bytes` and an eighth more. */
export class LogWriter extends Writable {
  readonly #directory: string;
  readonly #segmentBytes: number;
  /** Positions of the files that are there. */
  readonly #kept: number[] = [];
  #position = 0;
  #file: FileHandle | undefined;
  readonly #onEnd: () => Promise<void>;

  /**
   * @param directory which is there, and empty
   * @param onEnd nothing more will be written
   */
  constructor(directory: string, bytes: number, onEnd: () => Promise<void>) {
    super({ highWaterMark: 256 * 1024 });
    this.#directory = directory;
    // The newest file may have just been begun, and the others are full.
    this.#segmentBytes = Math.ceil(bytes / (SEGMENTS - 1));
    this.#onEnd = onEnd;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    callbackify(async () => this.#append(chunk))(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    callbackify(async () => this.#close())((failure) => done(error ?? failure));
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    try {
      await file?.close();
    } finally {
      await this.#onEnd();
    }
  }

  async #append(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const begun = this.#kept.at(-1) ?? 0;
      const full = this.#position - begun >= this.#segmentBytes;
      if (this.#file === undefined || full) await this.#next();
      const room = this.#segmentBytes - (this.#position - (this.#kept.at(-1) ?? 0));
      const piece = chunk.subarray(at, at + room);
      await this.#file?.write(piece);
      at += piece.length;
      this.#position += piece.length;
    }
  }

  async #next(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#file = await open(segmentFile(this.#directory, this.#position), 'wx');
    this.#kept.push(this.#position);
    if (this.#kept.length <= SEGMENTS) return;
    const oldest = this.#kept.shift() ?? 0;
    // A reader that has it open under Windows keeps it until it has read it.
    await rm(segmentFile(this.#directory, oldest), { force: true }).catch(() => {});
  }
}
