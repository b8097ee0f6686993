import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type LogOptions, throwIfAborted } from 'containerv-api';
import { segmentsOf } from './log-segments.js';

const PIECE_BYTES = 64 * 1024;
/** How often a log that is followed is looked at: it is a file, and another program may be the one that writes it. */
const LOOK_MS = 100;

/** What is known of a log beside its content. */
export interface LogSource {
  readonly directory: string;
  /** Whether anybody may still write to it. */
  isWritten(): Promise<boolean>;
}

/** What a process wrote, from the oldest byte that is kept on. */
export class LogReader extends Readable {
  readonly #find: () => Promise<LogSource>;
  readonly #options: LogOptions;
  #source: LogSource | undefined;
  #position = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = (): void => {
    this.destroy();
  };

  constructor(find: () => Promise<LogSource>, options: LogOptions) {
    super({ highWaterMark: PIECE_BYTES });
    throwIfAborted(options.signal, 'read log');
    this.#find = find;
    this.#options = options;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  override _read(): void {
    this.#next().catch((error: unknown) => this.destroy(error as Error));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    done(error);
  }

  async #next(): Promise<void> {
    this.#source ??= await this.#find();
    const source = this.#source;
    // Asked before it is read: what is written after the answer was written before somebody gave it up.
    const written = this.#options.follow === true && (await source.isWritten());
    const piece = await this.#take(source.directory);
    if (this.destroyed) return;
    if (piece.length > 0) this.push(piece);
    else if (written) this.#timer = setTimeout(() => this._read(), LOOK_MS);
    else this.push(null);
  }

  async #take(directory: string): Promise<Buffer> {
    const segments = await segmentsOf(directory);
    // The one that has the position, or else the first after it: what was in between is gone.
    const first = segments.findLast(({ from }) => from <= this.#position)?.from ?? 0;
    for (const segment of segments) {
      if (segment.from < first) continue;
      const position = Math.max(this.#position, segment.from);
      const piece = await readAt(segment.file, position - segment.from);
      if (piece.length === 0) continue;
      this.#position = position + piece.length;
      return piece;
    }
    return Buffer.alloc(0);
  }
}

async function readAt(file: string, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(PIECE_BYTES);
  try {
    const handle = await open(file, 'r');
    try {
      const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, position);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Removed since it was listed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return buffer.subarray(0, 0);
    throw error;
  }
}
