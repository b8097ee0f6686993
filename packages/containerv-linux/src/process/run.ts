import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  type ContainervError,
  type ExitStatus,
  RunError,
  runError,
  type RunResult,
  type RunSpec,
} from 'containerv-api';
import type { Confinement } from '../confinement.js';
import type { Native } from '../native.js';
import { FdReadable } from './fd-readable.js';
import { FdSource } from './fd-source.js';
import { FdWritable } from './fd-writable.js';
import { InitProcess, type ProcessHost } from './init-process.js';
import { passedStdio, type Pipe, planStdio } from './stdio-plan.js';

const SIGKILL = 9;

type Output = string | string[] | Buffer;

/** Starts a process, feeds and collects it, and waits for its end. */
export async function runProcess(
  host: ProcessHost,
  spec: RunSpec,
  confinement: Confinement | undefined,
): Promise<RunResult<Output>> {
  const startedAt = performance.now();
  const plan = planStdio(host.native, passedStdio(spec));
  let process: InitProcess;
  try {
    process = await InitProcess.start(host, spec, plan, confinement);
  } catch (error) {
    plan.closeAll();
    throw error;
  }
  const pipes = plan.takePipes();
  const collectors = collect(host.native, process, pipes, spec);
  feed(host.native, pipes.get(0), spec);
  const status = await process.exited;
  // What the process wrote is all here: it was drained as the exit came. Whoever still holds the other ends of the
  // pipes is not waited for.
  for (const collector of collectors.values()) collector.close();
  const result = compose(status, spec, collectors, performance.now() - startedAt);
  const overflown = [...collectors].find(([, collector]) => collector.overflown);
  if (overflown !== undefined) throw maxBufferError(overflown[0], spec, result);
  const failed = status.exitCode !== 0 || status.cause !== 'exit';
  if (failed && spec.reject) {
    throw runError(spec.argv, result, status.cause, {
      cause: status.cause === 'aborted' ? spec.signal?.reason : undefined,
    });
  }
  return result;
}

/** Gathers one stream's bytes, up to a limit. */
class Collector {
  readonly #chunks: Buffer[] = [];
  readonly #source: FdSource;
  #size = 0;
  overflown = false;

  constructor(native: Native, fd: number, maxBytes: number, onOverflow: () => void) {
    this.#source = new FdSource(native, fd, {
      data: (chunk) => {
        const kept = chunk.subarray(0, maxBytes - this.#size);
        this.#size += kept.length;
        if (kept.length > 0) this.#chunks.push(kept);
        if (kept.length < chunk.length && !this.overflown) {
          this.overflown = true;
          onOverflow();
        }
        return true;
      },
      end: () => {},
      failed: () => {},
    });
    this.#source.resume();
  }

  drain(): void {
    this.#source.drain();
  }

  close(): void {
    this.#source.close();
  }

  bytes(): Buffer {
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }
}

function collect(
  native: Native,
  process: InitProcess,
  pipes: ReadonlyMap<number, Pipe>,
  spec: RunSpec,
): Map<number, Collector> {
  const collectors = new Map<number, Collector>();
  for (const [number, pipe] of pipes) {
    if (pipe.direction !== 'read') continue;
    if (pipe.stream !== undefined) {
      new FdReadable(native, pipe.fd).pipe(pipe.stream as Writable, { end: false });
      continue;
    }
    const kill = (): void => void process.kill(SIGKILL, true).catch(() => {});
    collectors.set(number, new Collector(native, pipe.fd, spec.maxBufferBytes, kill));
  }
  const terminal = process.takeTerminal();
  if (terminal >= 0) collectors.set(1, new Collector(native, terminal, spec.maxBufferBytes, () => {}));
  process.onExit = () => {
    for (const collector of collectors.values()) collector.drain();
  };
  return collectors;
}

function feed(native: Native, pipe: Pipe | undefined, spec: RunSpec): void {
  if (pipe === undefined) return;
  const stdin = new FdWritable(native, pipe.fd);
  // A command that does not read all of its input is not an error (`head`).
  stdin.on('error', () => {});
  const input = spec.input ?? (pipe.stream as Readable | undefined);
  if (input === undefined) {
    stdin.end();
  } else if (typeof input === 'string' || input instanceof Uint8Array) {
    stdin.end(input);
  } else {
    input.pipe(stdin);
    finished(input).catch(() => stdin.destroy());
  }
}

function compose(
  status: ExitStatus,
  spec: RunSpec,
  collectors: ReadonlyMap<number, Collector>,
  durationMs: number,
): RunResult<Output> {
  const decode = (number: number): Output => {
    const bytes = collectors.get(number)?.bytes() ?? Buffer.alloc(0);
    if (spec.encoding === 'buffer') return bytes;
    const text = bytes.toString(spec.encoding);
    return spec.lines ? splitLines(text) : text;
  };
  return {
    exitCode: status.exitCode,
    signal: status.signal,
    stdout: decode(1),
    stderr: decode(2),
    timedOut: status.cause === 'timeout',
    durationMs,
    resourceUsage: status.resourceUsage,
  };
}

/** The last line's end makes no empty line after it. */
function splitLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function maxBufferError(fd: number, spec: RunSpec, result: RunResult<Output>): ContainervError {
  const name = fd === 1 ? 'stdout' : fd === 2 ? 'stderr' : `descriptor ${fd}`;
  return new RunError(
    'ERR_CONTAINERV_RUN',
    `Command wrote more than ${spec.maxBufferBytes} bytes to ${name} and was killed: ${spec.argv[0]}`,
    result,
    { hint: 'Raise `maxBuffer`, or read the output as it comes with `spawn`.' },
  );
}
