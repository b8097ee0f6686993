import { type Limits, parseByteSize } from 'containerv-api';
import type { OptionSpecs, ParsedLine } from './command.js';
import { numberValue } from './number-value.js';
import { usageError } from './usage-error.js';

/** Options of `run` and `update`. In brackets: what a new container has. */
export const LIMIT_OPTIONS: OptionSpecs = {
  memory: { short: 'm', value: 'SIZE', help: "Memory, such as 512M, or 'max' (1G)." },
  'memory-high': { value: 'SIZE', help: 'Memory above which it is slowed down; cgroup v2 (no limit).' },
  swap: { value: 'SIZE', help: "Swap on top of memory, or 'max' (the kernel's own)." },
  cpus: { value: 'NUMBER', help: "Processors' worth of time, such as 1.5, or 'max' (max)." },
  'cpu-weight': { value: 'NUMBER', help: 'Share of processor time, 1 to 10000 (100).' },
  cpuset: { value: 'LIST', help: 'Processors that may be used, such as 0-3,5 (all).' },
  pids: { value: 'NUMBER', help: "Processes and threads at once, or 'max' (256)." },
};

/** The limits that are said on the command line. */
export function limitOptions({ values }: ParsedLine): Limits {
  const last = (name: string): string | undefined => values.get(name)?.[0];
  return {
    memory: sizeOrMax(last('memory'), '--memory'),
    memoryHigh: sizeOrMax(last('memory-high'), '--memory-high'),
    swap: sizeOrMax(last('swap'), '--swap'),
    cpus: numberOrMax(last('cpus'), '--cpus'),
    cpuWeight: positive(last('cpu-weight'), '--cpu-weight'),
    cpuset: last('cpuset'),
    pids: numberOrMax(last('pids'), '--pids'),
  };
}

function sizeOrMax(text: string | undefined, option: string): number | 'max' | undefined {
  return text === undefined || text === 'max' ? text : parseByteSize(text, option);
}

function numberOrMax(text: string | undefined, option: string): number | 'max' | undefined {
  return text === 'max' ? text : positive(text, option);
}

function positive(text: string | undefined, option: string): number | undefined {
  if (text?.startsWith('-') === true)
    throw usageError(`${option} ${text} is not a number`, `Write ${option} 2.`);
  return numberValue(text, option);
}
