import { ContainervError } from 'containerv-api';
import { type FdPoll, type Native, READABLE, WRITABLE } from './native.js';
import { MessageType } from './protocol.js';
import { type SystemFailure, systemError } from './system-error.js';
import { WireReader, type WireWriter } from './wire.js';

/** What comes back for a request; `fds` belong to whoever takes the message. */
export interface Reply {
  readonly type: number;
  readonly reader: WireReader;
  readonly fds: readonly number[];
}

interface Unsent {
  readonly message: Buffer;
  readonly fds: readonly number[];
  readonly onSent: () => void;
}

type Waiting = (reply: Reply | ContainervError) => void;

/** Init refused: carries what it said, for callers that turn it into a better error. */
export class InitRefusal extends Error {
  readonly failure: SystemFailure;
  constructor(failure: SystemFailure) {
    super(failure.step);
    this.failure = failure;
  }
}

/**
 * One connection to a container's init. Requests are numbered; a reply finds its request by number. Keeps the event
 * loop alive only while somebody waits for something.
 */
export class Channel {
  readonly #native: Native;
  readonly #socket: number;
  readonly #poll: FdPoll;
  readonly #waiting = new Map<number, Waiting>();
  readonly #unsent: Unsent[] = [];
  #lastRequest = 0;
  #closed = false;
  #awaitingClose = false;
  #onClose: () => void = () => {};
  /** Told what init says of its own accord: whether the container is paused. */
  onPaused: (paused: boolean) => void = () => {};
  /** Told by a worker that what it connected has ended before the container did. */
  onLost: () => void = () => {};

  constructor(native: Native, socket: number) {
    this.#native = native;
    this.#socket = socket;
    this.#poll = new native.FdPoll(socket, (events) => this.#onEvents(events));
    this.#poll.unref();
    this.#poll.start(READABLE);
  }

  /** Called once, when the other side is gone or {@link close} was called; every waiting request is rejected first. */
  set onClose(listener: () => void) {
    this.#onClose = listener;
    if (this.#closed) listener();
  }

  get closed(): boolean {
    return this.#closed;
  }

  nextRequest(): number {
    // 0 is the plan's; numbers are reused after four billion requests, long after their replies.
    this.#lastRequest = (this.#lastRequest % 0xffff_fffe) + 1;
    return this.#lastRequest;
  }

  /** Replies to `request` go to `waiting` until {@link forget}; a rejection comes as an error. */
  expect(request: number, waiting: Waiting): void {
    if (this.#closed) {
      waiting(gone());
      return;
    }
    this.#waiting.set(request, waiting);
    this.#poll.ref();
  }

  forget(request: number): void {
    this.#waiting.delete(request);
    if (this.#waiting.size === 0 && !this.#closed && !this.#awaitingClose) this.#poll.unref();
  }

  /** Descriptors are duplicated by the kernel as they are sent; they must stay open until then. */
  send(message: Buffer, fds: readonly number[] = [], onSent: () => void = () => {}): void {
    if (this.#closed) {
      onSent();
      return;
    }
    if (this.#unsent.length === 0) {
      const sent = this.#native.send(this.#socket, message, fds);
      if (sent !== 0) {
        onSent();
        return;
      }
    }
    this.#unsent.push({ message, fds, onSent });
    this.#poll.start(READABLE | WRITABLE);
  }

  /** One request, one reply. @throws InitRefusal | ContainervError */
  async call(
    write: (request: number) => WireWriter,
    fds: readonly number[] = [],
    onSent: () => void = () => {},
  ): Promise<Reply> {
    const request = this.nextRequest();
    return new Promise((resolve, reject) => {
      this.expect(request, (reply) => {
        this.forget(request);
        if (reply instanceof ContainervError) reject(reply);
        else if (reply.type === MessageType.Failed) reject(new InitRefusal(readFailure(reply.reader)));
        else resolve(reply);
      });
      this.send(write(request).finish(), fds, onSent);
    });
  }

  /** A message of the other side; also one that was received before this channel was there. */
  deliver(message: Buffer, fds: readonly number[]): void {
    const reader = new WireReader(message);
    const type = reader.u32();
    const waiting = this.#waiting.get(reader.u32());
    if (type === MessageType.Paused) this.onPaused(reader.u32() !== 0);
    else if (type === MessageType.Lost) this.onLost();
    else if (waiting === undefined) for (const fd of fds) this.#native.close(fd);
    else waiting({ type, reader, fds });
  }

  /** The program waits for the other side to go away: the event loop stays alive until it has. */
  awaitClose(): void {
    this.#awaitingClose = true;
    if (!this.#closed) this.#poll.ref();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    this.#native.close(this.#socket);
    for (const { onSent } of this.#unsent.splice(0)) onSent();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const listener of waiting) listener(gone());
    this.#onClose();
  }

  #onEvents(events: number): void {
    if (events & WRITABLE) this.#flush();
    if (events & READABLE) this.#receive();
  }

  #flush(): void {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      if (this.#native.send(this.#socket, next.message, next.fds) === 0) return;
      this.#unsent.shift();
      next.onSent();
    }
    if (!this.#closed) this.#poll.start(READABLE);
  }

  #receive(): void {
    while (!this.#closed) {
      const received = this.#native.receive(this.#socket);
      if (received === undefined) return;
      if (received === null) {
        this.close();
        return;
      }
      this.deliver(received.message, received.fds);
    }
  }
}

/** The body of a kFailed message. */
export function readFailure(reader: WireReader): SystemFailure {
  return {
    errno: reader.u32(),
    step: reader.text(),
    syscall: reader.text(),
    path: reader.text(),
    detail: reader.text(),
  };
}

function gone(): ContainervError {
  return new ContainervError('ERR_CONTAINERV_STATE', 'The container is gone', {
    hint: 'It was stopped or destroyed, or its init was killed.',
  });
}

export function refusalError(refusal: unknown): unknown {
  return refusal instanceof InitRefusal
    ? systemError(refusal.failure, { what: 'The container refused' })
    : refusal;
}
