import { invalidOption } from '../option-check.js';

// Far above any kernel's NR_CPUS; keeps '0-4294967295' from becoming a list of that length.
const MAX_CPU = 65_535;
const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/** The processor numbers in a list as the kernel writes it, ascending and once each: `'0-2,5'` gives `[0, 1, 2, 5]`. */
export function parseCpuList(list: string, option: string): readonly number[] {
  const cpus = new Set<number>();
  for (const part of list.split(',')) {
    const [, first, last = first] = RANGE.exec(part) ?? [];
    const from = Number(first ?? Number.NaN);
    const to = Number(last ?? Number.NaN);
    if (!(from <= to && to <= MAX_CPU)) {
      throw invalidOption(option, "a list of processors such as '0-3,5'", list);
    }
    for (let cpu = from; cpu <= to; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
