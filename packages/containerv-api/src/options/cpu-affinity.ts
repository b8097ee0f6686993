import { invalidOption } from '../option-check.js';
import { parseCpuList } from './cpu-list.js';

/** Processors that a process is to run on: `'0-3,5'`. `undefined`: those of the container. */
export function resolveCpuAffinity(list: string | undefined): readonly number[] | undefined {
  if (list === undefined) return undefined;
  if (typeof list === 'string') return parseCpuList(list, 'cpuAffinity');
  throw invalidOption('cpuAffinity', "a list of processors such as '0-3,5'", list);
}
