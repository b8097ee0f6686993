import type { Readable } from 'node:stream';
import type { ResourceUsage } from './exit-status.js';
import type { SpawnOptions } from './spawn-options.js';

/** How `run` starts a process and collects what it writes. */
export interface RunOptions extends SpawnOptions {
  /** Written to stdin, which is then closed. @defaultValue nothing: stdin is empty */
  readonly input?: string | Uint8Array | Readable | undefined;
  /** How output is decoded; `'buffer'`: not at all. @defaultValue 'utf8' */
  readonly encoding?: BufferEncoding | 'buffer' | undefined;
  /** Most bytes of stdout and of stderr; beyond it the process is killed and `run` rejects. @defaultValue 64 MiB */
  readonly maxBuffer?: number | undefined;
  /** Whether anything but exit code 0 rejects. @defaultValue true */
  readonly reject?: boolean | undefined;
  /** Whether output is split into lines, without their ends. @defaultValue false */
  readonly lines?: boolean | undefined;
}

/** What `stdout` and `stderr` of a {@link RunResult} are, by `encoding` and `lines`. */
export type RunOutput<Options extends RunOptions = RunOptions> = Options extends {
  readonly encoding: 'buffer';
}
  ? Buffer
  : Options extends { readonly lines: true }
    ? string[]
    : string;

/** How a process run to its end went. */
export interface RunResult<Output = string> {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** `null` when it exited by itself. */
  readonly signal: string | null;
  /** Empty when it does not lead to a pipe. */
  readonly stdout: Output;
  readonly stderr: Output;
  readonly timedOut: boolean;
  /** From start to exit. */
  readonly durationMs: number;
  readonly resourceUsage: ResourceUsage;
}
