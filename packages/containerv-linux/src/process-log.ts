import { Readable } from 'node:stream';
import { ContainervError, type LogOptions, throwIfAborted } from 'containerv-api';
import { type Channel, InitRefusal, readFailure, refusalError } from './channel.js';
import type { Native } from './native.js';
import { MessageType } from './protocol.js';
import { systemError } from './system-error.js';
import { WireWriter } from './wire.js';

const ENOENT = 2;
const EEXIST = 17;

/** A new ring in init, and the end of the pipe that leads into it, the caller's to close. */
export interface OpenedLog {
  readonly fd: number;
  /** Tells init whose output it is. */
  name(pid: number): void;
}

/** @throws ContainervError */
export async function openLog(native: Native, channel: Channel, bytes: number): Promise<OpenedLog> {
  let number: number;
  let fd: number | undefined;
  try {
    const reply = await channel.call((request) => new WireWriter(MessageType.OpenLog, request).u64(bytes));
    number = reply.reader.u32();
    [fd] = reply.fds;
    for (const extra of reply.fds.slice(1)) native.close(extra);
  } catch (error) {
    throw refusalError(error);
  }
  if (fd === undefined) throw new ContainervError('ERR_CONTAINERV_PROTOCOL', 'Init sent no log');
  return {
    fd,
    name: (pid) => channel.send(new WireWriter(MessageType.NameLog, 0).u32(number).u32(pid).finish()),
  };
}

/** What a process wrote, from the oldest byte that is kept on. One piece is asked for when the last one is read. */
export class LogStream extends Readable {
  readonly #channel: Channel;
  readonly #id: string;
  readonly #options: LogOptions;
  #position = 0;
  #asked = 0;
  readonly #onAbort = (): void => {
    this.destroy();
  };

  constructor(channel: Channel, id: string, options: LogOptions) {
    super({ highWaterMark: 64 * 1024 });
    throwIfAborted(options.signal, 'read log');
    this.#channel = channel;
    this.#id = id;
    this.#options = options;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  override _read(): void {
    if (this.#asked !== 0) return;
    const request = this.#channel.nextRequest();
    this.#asked = request;
    this.#channel.expect(request, (reply) => {
      this.#channel.forget(request);
      this.#asked = 0;
      if (reply instanceof ContainervError) {
        // The container ended, and its logs with it: what there was has been given.
        if (this.#options.follow === true) this.push(null);
        else this.destroy(reply);
      } else if (reply.type === MessageType.Failed) {
        this.destroy(this.#refused(new InitRefusal(readFailure(reply.reader))) as Error);
      } else {
        this.#take(reply.reader.u64(), reply.reader.u32() !== 0, reply.reader.bytes());
      }
    });
    const { pid = 0, follow = false } = this.#options;
    this.#channel.send(
      new WireWriter(MessageType.ReadLog, request)
        .u32(pid)
        .u64(this.#position)
        .u32(follow ? 1 : 0)
        .finish(),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    if (this.#asked !== 0) {
      this.#channel.forget(this.#asked);
      this.#channel.send(new WireWriter(MessageType.ForgetLog, this.#asked).finish());
    }
    callback(error);
  }

  #take(from: number, more: boolean, piece: Buffer): void {
    this.#position = from + piece.length;
    if (piece.length > 0) this.push(piece);
    else if (!more || this.#options.follow !== true) this.push(null);
    // Not followed, and all that there was: the next one would be empty.
    else this._read();
  }

  #refused(refusal: InitRefusal): unknown {
    const { errno, detail } = refusal.failure;
    const { pid } = this.#options;
    if (errno === EEXIST) {
      return new ContainervError(
        'ERR_CONTAINERV_INVALID_OPTION',
        `Several processes of container '${this.#id}' have logs`,
        { step: 'read log', hint: `Name one of them: ${detail ?? ''}.` },
      );
    }
    if (errno !== ENOENT) return refusalError(refusal);
    const whose = pid === undefined ? 'No process' : `Process ${pid}`;
    return systemError(
      { step: 'read log', syscall: '', errno },
      {
        code: 'ERR_CONTAINERV_NOT_FOUND',
        what: `${whose} of container '${this.#id}' has a log`,
        hint: 'Start it with `log: true`; containerv run --detach does.',
      },
    );
  }
}
