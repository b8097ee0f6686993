import { createReadStream, createWriteStream } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { ContainervError, type ProcessSpec, type ResolvedStdioEntry } from 'containerv-api';
import type { StandardHandles } from '../hcs/hcs-api.js';
import type { StreamOpener } from './native-stream.js';
import { Pump } from './pump.js';

/** How long the rest of what a process wrote may take: what it left running can hold its pipes open for ever. */
const DRAIN_MS = 1000;

/** The ends of a process's pipes, and what the caller wanted them to be. */
export class StandardStreams {
  /** By descriptor number; `null` where the caller gets no stream. */
  readonly visible: readonly [Socket | null, Socket | null, Socket | null];
  readonly #input: Socket | null;
  readonly #outputs: readonly Socket[];
  /** What copies an output to where the caller wanted it. */
  readonly #pumps = new Map<Socket, Pump>();

  readonly #log: Writable | undefined;

  /** @param log where both outputs go, which ends with them */
  constructor(
    handles: StandardHandles,
    spec: Pick<ProcessSpec, 'stdio' | 'tty'>,
    open: StreamOpener,
    log?: Writable,
  ) {
    this.#log = log;
    const opened: (Socket | null)[] = [];
    try {
      for (const [fd, name] of (['stdin', 'stdout', 'stderr'] as const).entries()) {
        const handle = handles[name];
        opened.push(handle === null ? null : open(handle, fd === 0 ? 'write' : 'read'));
      }
    } catch (error) {
      for (const stream of opened) stream?.destroy();
      throw error;
    }
    const [stdin = null, stdout = null, stderr = null] = opened;
    this.#input = stdin;
    this.#outputs = [stdout, stderr].filter((stream) => stream !== null);
    // Nobody is left to read it: as child_process, not an error of the program.
    stdin?.on('error', () => {});
    for (const output of this.#outputs) output.on('error', () => {});
    const shown = (fd: 0 | 1 | 2, stream: Socket | null): Socket | null => {
      const entry = spec.tty === undefined ? spec.stdio[fd] : undefined;
      if (stream === null || entry === undefined || entry.kind === 'pipe') return stream;
      if (fd > 0 && log !== undefined) this.#pumps.set(stream, new Pump(stream, log, true));
      else if (fd === 0) feed(stream, entry);
      else this.#redirect(stream, entry);
      return null;
    };
    this.visible = [shown(0, stdin), shown(1, stdout), shown(2, stderr)];
  }

  /** Resolves once our end of stdin is shut; HCS has to be told of it as well. */
  onInputEnd(listener: () => void): void {
    this.#input?.once('finish', listener);
  }

  /**
   * After the process has ended: the outputs at their ends, or given up after a while, and what came of them written to
   * where it was to go.
   */
  async drained(): Promise<void> {
    this.#input?.destroy();
    await Promise.all(
      this.#outputs.map(async (output) => {
        const pump = this.#pumps.get(output);
        await drained(output, pump);
        // What is the caller's own has been handed to it, and need not be read before this.
        if (pump?.patient === true) await pump.written();
      }),
    );
    if (this.#log !== undefined) await closed(this.#log);
  }

  destroy(): void {
    this.#input?.destroy();
    for (const output of this.#outputs) output.destroy();
  }

  #redirect(output: Socket, entry: Redirection): void {
    if (entry.kind === 'ignore') {
      output.resume();
      return;
    }
    const target =
      entry.kind === 'fd'
        ? createWriteStream('', { fd: entry.fd, autoClose: false })
        : (entry.stream as Writable);
    this.#pumps.set(output, new Pump(output, target, entry.kind === 'fd'));
  }
}

type Redirection = Exclude<ResolvedStdioEntry, { kind: 'pipe' }>;

/** Windows has three; what is asked for beyond cannot be passed. */
export function refuseExtraStdio(spec: Pick<ProcessSpec, 'stdio'>): void {
  const extra = spec.stdio.findIndex((entry, fd) => fd > 2 && entry.kind !== 'ignore');
  if (extra < 0) return;
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `\`stdio[${extra}]\` cannot reach a container on Windows`,
    {
      step: 'pass stdio',
      hint: 'The Host Compute Service passes stdin, stdout and stderr.',
    },
  );
}

async function closed(log: Writable): Promise<void> {
  if (log.closed) return;
  await new Promise<void>((resolve) => {
    log.once('close', resolve).end();
  });
}

function feed(input: Socket, entry: Redirection): void {
  if (entry.kind === 'ignore') {
    input.end();
    return;
  }
  const source =
    entry.kind === 'fd'
      ? createReadStream('', { fd: entry.fd, autoClose: false })
      : (entry.stream as Readable);
  source.once('error', () => input.destroy());
  source.pipe(input);
  input.once('close', () => source.unpipe(input));
}

/** A stream that nobody reads is not waited for, and keeps what it has. */
async function drained(output: Socket, pump: Pump | undefined): Promise<void> {
  if (output.readableEnded || output.destroyed) return;
  if (pump === undefined && output.readableFlowing !== true) return;
  await new Promise<void>((resolve) => {
    let read = -1;
    const timer = setInterval(() => {
      const still = output.bytesRead === read;
      read = output.bytesRead;
      if (!still) return;
      if (pump?.blocked === true && !pump.patient) done();
      // Nothing has come since the last look, and nothing waits for a slow reader: its end will not come either.
      else if (output.readableLength === 0 && pump?.blocked !== true) output.destroy();
    }, DRAIN_MS);
    const done = (): void => {
      clearInterval(timer);
      resolve();
    };
    output.once('end', done).once('close', done);
  });
}
