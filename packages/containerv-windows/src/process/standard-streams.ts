import { createReadStream, createWriteStream } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { ContainervError, type ProcessSpec, type ResolvedStdioEntry } from 'containerv-api';
import type { StandardHandles } from '../hcs/hcs-api.js';
import type { StreamOpener } from './native-stream.js';

/** How long the rest of what a process wrote may take: what it left running can hold its pipes open for ever. */
const DRAIN_MS = 1000;

/** The ends of a process's pipes, and what the caller wanted them to be. */
export class StandardStreams {
  /** By descriptor number; `null` where the caller gets no stream. */
  readonly visible: readonly [Socket | null, Socket | null, Socket | null];
  readonly #input: Socket | null;
  readonly #outputs: readonly Socket[];

  constructor(handles: StandardHandles, spec: Pick<ProcessSpec, 'stdio' | 'tty'>, open: StreamOpener) {
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
    const shown = (fd: 0 | 1 | 2, stream: Socket | null): Socket | null =>
      stream !== null && connect(spec.tty === undefined ? spec.stdio[fd] : undefined, stream, fd)
        ? stream
        : null;
    this.visible = [shown(0, stdin), shown(1, stdout), shown(2, stderr)];
  }

  /** Resolves once our end of stdin is shut; HCS has to be told of it as well. */
  onInputEnd(listener: () => void): void {
    this.#input?.once('finish', listener);
  }

  /** After the process has ended: the outputs at their ends, or given up after a while. */
  async drained(): Promise<void> {
    this.#input?.destroy();
    await Promise.all(this.#outputs.map(async (output) => drained(output)));
  }

  destroy(): void {
    this.#input?.destroy();
    for (const output of this.#outputs) output.destroy();
  }
}

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

/** @returns whether the caller gets the stream itself */
function connect(entry: ResolvedStdioEntry | undefined, ours: Socket, fd: 0 | 1 | 2): boolean {
  if (entry === undefined || entry.kind === 'pipe') return true;
  if (entry.kind === 'ignore') {
    if (fd === 0) ours.end();
    else ours.resume();
    return false;
  }
  if (fd === 0) {
    const source =
      entry.kind === 'fd'
        ? createReadStream('', { fd: entry.fd, autoClose: false })
        : (entry.stream as Readable);
    source.once('error', () => ours.destroy());
    source.pipe(ours);
    ours.once('close', () => source.unpipe(ours));
  } else {
    const target =
      entry.kind === 'fd'
        ? createWriteStream('', { fd: entry.fd, autoClose: false })
        : (entry.stream as Writable);
    const stop = (): void => {
      ours.unpipe(target);
      // What the process still writes has nowhere to go, and must not block it.
      ours.resume();
    };
    target.once('error', stop);
    target.once('close', stop);
    // The caller's stream outlives the process.
    ours.pipe(target, { end: false });
  }
  return false;
}

/** A stream that nobody reads is not waited for, and keeps what it has. */
async function drained(output: Socket): Promise<void> {
  if (output.readableEnded || output.destroyed || output.readableFlowing !== true) return;
  await new Promise<void>((resolve) => {
    let read = -1;
    const timer = setInterval(() => {
      // Nothing has come since the last look, and nothing waits for a slow reader: its end will not come either.
      if (output.bytesRead === read && output.readableLength === 0) output.destroy();
      read = output.bytesRead;
    }, DRAIN_MS);
    const done = (): void => {
      clearInterval(timer);
      resolve();
    };
    output.once('end', done).once('close', done);
  });
}
