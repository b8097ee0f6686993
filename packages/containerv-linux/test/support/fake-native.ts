import type { FdPoll, Native } from '../../src/native.js';

type ReadResult = Buffer | 'end' | Error;

/**
 * One descriptor as the addon shows it: what is read comes from `incoming`, what is written goes to `written` as far as
 * there is room. Strict: a use after the close, a second close, or a poll that is not of it throws.
 */
export class FakeDescriptor {
  static readonly FD = 42;

  readonly incoming: ReadResult[] = [];
  readonly written: Buffer[] = [];
  /** Bytes that the pipe still takes. */
  room: number = Infinity;
  writeError: Error | undefined;
  closed = 0;
  pollsClosed = 0;
  /** The capacities that it was given. */
  readonly grown: number[] = [];
  /** What is being waited for; 0: nothing. */
  watched = 0;
  #onEvents: ((events: number) => void) | undefined;

  readonly native: Native;

  constructor() {
    const poll = (fd: number, onEvents: (events: number) => void): FdPoll => this.#poll(fd, onEvents);
    this.native = {
      read: (fd: number, into: Buffer) => this.#read(fd, into),
      write: (fd: number, from: Buffer) => this.#write(fd, from),
      close: (fd: number) => this.#close(fd),
      growPipe: (fd: number, bytes: number) => this.#grow(fd, bytes),
      FdPoll: function FdPollOf(fd: number, onEvents: (events: number) => void) {
        return poll(fd, onEvents);
      },
    } as unknown as Native;
  }

  /** An event of the loop, which comes only while it is waited for. Returns whether it was. */
  event(): boolean {
    if (this.watched === 0) return false;
    this.#onEvents?.(this.watched);
    return true;
  }

  get text(): string {
    return Buffer.concat(this.written).toString();
  }

  #poll(fd: number, onEvents: (events: number) => void): FdPoll {
    this.#check(fd);
    this.#onEvents = onEvents;
    let open = true;
    const watch = (events: number): void => {
      if (!open) throw new Error('the poll was closed');
      this.watched = events;
    };
    return {
      start: watch,
      stop: () => watch(0),
      close: () => {
        watch(0);
        open = false;
        this.pollsClosed++;
      },
      ref: () => undefined,
      unref: () => undefined,
    };
  }

  #grow(fd: number, bytes: number): boolean {
    this.#check(fd);
    this.grown.push(bytes);
    return true;
  }

  #read(fd: number, into: Buffer): number {
    this.#check(fd);
    const next = this.incoming.shift();
    if (next === undefined) return -1;
    if (next instanceof Error) throw next;
    if (next === 'end') return 0;
    const size = next.copy(into);
    if (size < next.length) this.incoming.unshift(next.subarray(size));
    return size;
  }

  #write(fd: number, from: Buffer): number {
    this.#check(fd);
    if (from.length === 0) throw new Error('nothing to write');
    if (this.writeError !== undefined) throw this.writeError;
    const size = Math.min(this.room, from.length);
    if (size === 0) return -1;
    this.room -= size;
    this.written.push(Buffer.from(from.subarray(0, size)));
    return size;
  }

  #close(fd: number): void {
    this.#check(fd);
    // Closed first, the number could be another file by the time that the loop looks at it.
    if (this.pollsClosed !== 1) throw new Error('closed while the loop still watches it');
    this.closed++;
  }

  #check(fd: number): void {
    if (fd !== FakeDescriptor.FD) throw new Error(`descriptor ${fd} is not ours`);
    if (this.closed > 0) throw new Error('used after the close');
  }
}

/** As the addon throws it. */
export function systemFailure(syscall: string, errno: number): Error {
  return Object.assign(new Error(syscall), { syscall, errno: -errno });
}
