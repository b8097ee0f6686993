import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchDirectory } from '../support/scratch.js';
import { type CProgram, compileC, pathOf } from '../support/compile-c.js';

export interface KernelCall {
  readonly number: number;
  readonly args?: readonly bigint[];
}

/** What the kernel did: `errno 0` for success, `signal 31` for SIGSYS, `refused 22` for a filter it did not load. */
export type KernelOutcome = `${'errno' | 'signal' | 'refused'} ${number}`;

export interface Probe {
  readonly program: CProgram;
  /** Each call is made by a process of its own that has loaded the filter. */
  readonly run: (filter: Uint8Array, calls: readonly KernelCall[]) => readonly KernelOutcome[];
}

/** Compiled C that asks the real kernel. Filters are for x64, so nothing else can be asked. */
export function makeProbe(): Probe {
  const directory = scratchDirectory();
  const program: CProgram =
    process.arch === 'x64'
      ? compileC('kernel/programs/probe.c', directory)
      : { unavailable: `the calls are those of x64, this is ${process.arch}` };
  return { program, run: (filter, calls) => run(program, directory, filter, calls) };
}

function run(
  program: CProgram,
  directory: string,
  filter: Uint8Array,
  calls: readonly KernelCall[],
): readonly KernelOutcome[] {
  const file = join(directory, 'filter.bpf');
  writeFileSync(file, filter);
  const input = calls.map(({ number, args = [] }) => {
    const six = [0, 1, 2, 3, 4, 5].map((index) => (args[index] ?? 0n).toString(16));
    return `${(number >>> 0).toString(16)} ${six.join(' ')}\n`;
  });
  const { status, stdout, stderr } = spawnSync(pathOf(program), [file], {
    input: input.join(''),
    encoding: 'utf8',
  });
  const outcomes = stdout.split('\n').filter((line) => line !== '');
  if (status !== 0 || outcomes.length !== calls.length)
    throw new Error(
      `probe ended with ${status} after ${outcomes.length} of ${calls.length} calls: ${stderr}`,
    );
  return outcomes as KernelOutcome[];
}
