import { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import {
  checkBoolean,
  checkOptions,
  checkTerminalSize,
  type ContainerProcess,
  ContainervError,
  type ExitStatus,
  type KillOptions,
  type ProcessEvents,
  type Signal,
  signalName,
  signalNumber,
  type TerminalSize,
} from 'containerv-api';
import type { Native } from '../native.js';
import { FdReadable } from './fd-readable.js';
import { FdWritable } from './fd-writable.js';
import type { InitProcess } from './init-process.js';
import type { StdioPlan } from './stdio-plan.js';

/** A process with streams. */
export class LinuxProcess extends EventEmitter<ProcessEventMap> implements ContainerProcess {
  readonly pid: number;
  readonly stdio: readonly (Readable | Writable | null)[];
  readonly #native: Native;
  readonly #process: InitProcess;
  readonly #status: Promise<ExitStatus>;
  /** Our ends of the pipes that stand in for a caller's streams. */
  readonly #handedOn: (FdReadable | FdWritable)[] = [];
  #terminal: number | undefined;

  constructor(native: Native, process: InitProcess, plan: StdioPlan) {
    super();
    this.#native = native;
    this.#process = process;
    this.pid = process.pid;
    const terminal = process.takeTerminal();
    this.stdio = terminal >= 0 ? this.#terminalStreams(terminal) : this.#pipeStreams(plan);
    const readables = [...this.stdio, ...this.#handedOn].filter((stream) => stream instanceof FdReadable);
    const writables = [...this.stdio, ...this.#handedOn].filter((stream) => stream instanceof FdWritable);
    process.onExit = () => {
      for (const stream of readables) stream.drain();
      // Nobody is left to read it. As child_process does.
      for (const stream of writables) stream.destroy();
    };
    process.onStop = (signal) => this.emit('stop', signalName(signal));
    this.#status = process.exited.then((status) => this.#onExit(status, readables));
  }

  get stdin(): Writable | null {
    return (this.stdio[0] ?? null) as Writable | null;
  }

  get stdout(): Readable | null {
    return (this.stdio[1] ?? null) as Readable | null;
  }

  get stderr(): Readable | null {
    return (this.stdio[2] ?? null) as Readable | null;
  }

  async kill(signal: Signal = 'SIGTERM', options: KillOptions = {}): Promise<void> {
    checkOptions(options, 'options', ['group']);
    await this.#process.kill(signalNumber(signal), checkBoolean(options.group ?? false, 'group'));
  }

  async resize(size: TerminalSize): Promise<void> {
    const { columns, rows } = checkTerminalSize(size);
    if (this.#terminal === undefined) {
      throw new ContainervError('ERR_CONTAINERV_STATE', 'The process has no terminal', {
        hint: 'Start it with `tty: true`.',
      });
    }
    this.#native.setWindowSize(this.#terminal, columns, rows);
  }

  async wait(): Promise<ExitStatus> {
    const status = await this.#status;
    const own = this.stdio.filter((stream) => stream instanceof FdReadable);
    const handedOn = this.#handedOn.filter((stream) => stream instanceof FdReadable);
    await Promise.all([
      ...own.map(async (stream) => delivered(stream, false)),
      ...handedOn.map(async (stream) => delivered(stream, true)),
    ]);
    return status;
  }

  #pipeStreams(plan: StdioPlan): (Readable | Writable | null)[] {
    const pipes = plan.takePipes();
    return Array.from(plan.childFds, (_, number): Readable | Writable | null => {
      const pipe = pipes.get(number);
      if (pipe === undefined) return null;
      const ours =
        pipe.direction === 'write'
          ? new FdWritable(this.#native, pipe.fd)
          : new FdReadable(this.#native, pipe.fd);
      if (pipe.stream === undefined) return ours;
      connect(ours, pipe.stream);
      this.#handedOn.push(ours);
      return null;
    });
  }

  /** Input and output are one descriptor, which streams cannot share: each gets its own. */
  #terminalStreams(master: number): (Readable | Writable | null)[] {
    const input = new FdWritable(this.#native, this.#native.duplicate(master));
    const output = new FdReadable(this.#native, master);
    this.#terminal = master;
    output.once('close', () => {
      this.#terminal = undefined;
      input.destroy();
    });
    return [input, output, null];
  }

  #onExit(status: ExitStatus, readables: readonly FdReadable[]): ExitStatus {
    this.emit('exit', status.exitCode, status.signal);
    let open = readables.filter((stream) => !stream.closed).length;
    const onClose = (): void => {
      if (--open === 0) this.emit('close', status.exitCode, status.signal);
    };
    if (open === 0) queueMicrotask(() => this.emit('close', status.exitCode, status.signal));
    for (const stream of readables) if (!stream.closed) stream.once('close', onClose);
    return status;
  }
}

type ProcessEventMap = { [Name in keyof ProcessEvents]: ProcessEvents[Name] };

/** A caller's stream without a descriptor of its own: copied, and an error on either side ends the other. */
function connect(ours: Readable | Writable, theirs: Readable | Writable): void {
  const [from, to] =
    ours instanceof FdReadable ? [ours, theirs as Writable] : [theirs as Readable, ours as Writable];
  const stop = (): void => {
    from.unpipe(to);
    // What the process still writes has nowhere to go, and must not block it.
    if (from === ours) from.resume();
  };
  // A reader that went away is the process's own business, as in a shell's pipeline.
  to.on('error', stop);
  to.on('close', stop);
  // The caller's stream outlives the process: it may be there for the next one too.
  from.pipe(to, { end: to !== theirs });
}

/**
 * Resolves once what a stream holds has reached its reader. `always`: also while the reader asks it to wait; otherwise
 * a stream that nobody reads, or that was paused, is not waited for. Its end is not either: who else holds the pipe
 * open may never close it.
 */
async function delivered(stream: FdReadable, always: boolean): Promise<void> {
  const pending = (): boolean =>
    stream.readableLength > 0 && !stream.destroyed && (always || stream.readableFlowing === true);
  if (!pending()) return;
  await new Promise<void>((resolve) => {
    const events = ['data', 'pause', 'end', 'close'] as const;
    const check = (): void => {
      if (pending()) return;
      for (const event of events) stream.off(event, check);
      resolve();
    };
    for (const event of events) stream.on(event, check);
  });
}
