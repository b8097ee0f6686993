import type { Readable } from 'node:stream';
import { RunError, runError, type RunResult, type RunSpec } from 'containerv-api';
import type { JsonObject } from '../documents/json.js';
import type { HcsSystem } from '../hcs/hcs-api.js';
import { RunningProcess } from './running-process.js';

const SIGKILL = 9;

type Output = string | string[] | Buffer;

/** Starts a process, feeds and collects it, and waits for its end. */
export async function runProcess(
  system: HcsSystem,
  parameters: JsonObject,
  spec: RunSpec,
  os: 'windows' | 'linux',
  onStart: (process: RunningProcess) => void = () => {},
): Promise<RunResult<Output>> {
  const startedAt = performance.now();
  const process = await RunningProcess.start(system, parameters, spec, os);
  onStart(process);
  const [stdin, stdout, stderr] = process.streams.visible;
  const collectors = [stdout, stderr].map(
    (stream) =>
      stream &&
      new Collector(stream, spec.maxBufferBytes, () => {
        process.kill(SIGKILL).catch(() => {});
      }),
  );
  feed(stdin, spec.input);
  const status = await process.exited;
  const durationMs = performance.now() - startedAt;
  await process.streams.drained();
  const [out, err] = collectors.map((collector) => decode(collector?.bytes() ?? Buffer.alloc(0), spec));
  const result: RunResult<Output> = {
    exitCode: status.exitCode,
    signal: status.signal,
    stdout: out ?? '',
    stderr: err ?? '',
    timedOut: status.cause === 'timeout',
    durationMs,
    resourceUsage: status.resourceUsage,
  };
  const overflown = collectors.findIndex((collector) => collector?.overflown);
  if (overflown >= 0) throw tooMuch(overflown === 0 ? 'stdout' : 'stderr', spec, result);
  if (spec.reject && (status.exitCode !== 0 || status.cause !== 'exit')) {
    throw runError(spec.argv, result, status.cause, {
      cause: status.cause === 'aborted' ? spec.signal?.reason : undefined,
    });
  }
  return result;
}

/** Gathers one stream's bytes, up to a limit. */
class Collector {
  readonly #chunks: Buffer[] = [];
  #size = 0;
  overflown = false;

  constructor(stream: Readable, maxBytes: number, onOverflow: () => void) {
    stream.on('data', (chunk: Buffer) => {
      const kept = chunk.subarray(0, maxBytes - this.#size);
      this.#size += kept.length;
      if (kept.length > 0) this.#chunks.push(kept);
      if (kept.length === chunk.length || this.overflown) return;
      this.overflown = true;
      onOverflow();
    });
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function feed(stdin: NodeJS.WritableStream | null, input: RunSpec['input']): void {
  if (stdin === null) return;
  if (input === undefined) stdin.end();
  else if (typeof input === 'string' || input instanceof Uint8Array) stdin.end(input);
  else {
    input.once('error', () => stdin.end());
    input.pipe(stdin);
  }
}

function decode(bytes: Buffer, spec: RunSpec): Output {
  if (spec.encoding === 'buffer') return bytes;
  const text = bytes.toString(spec.encoding);
  if (!spec.lines) return text;
  const lines = text.split(/\r?\n/);
  // The last line's end makes no empty line after it.
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function tooMuch(name: string, spec: RunSpec, result: RunResult<Output>): RunError {
  return new RunError(
    'ERR_CONTAINERV_RUN',
    `Command wrote more than ${spec.maxBufferBytes} bytes to ${name} and was killed: ${spec.argv[0]}`,
    result,
    { hint: 'Raise `maxBuffer`, or read the output as it comes with `spawn`.' },
  );
}
