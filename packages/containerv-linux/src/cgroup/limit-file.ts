import type { LimitName } from 'containerv-api';

/** One file of a control group to be written for a limit, and how it reads once the kernel has taken it. */
export interface LimitFile {
  readonly limit: LimitName;
  /** The controller that has to be there. */
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** The file that says what came of it, where that is another. */
  readonly told?: string;
  readonly holds: (content: string) => boolean;
  /** One of several files of which a kernel has one: the limit is held when any of them holds it. */
  readonly either?: true;
  /** What lifts it again, where the file does not say so by itself. */
  readonly none?: string;
  /** What to do when nothing takes it. */
  readonly hint?: string;
}

/** What v1 makes of -1: no limit (mm/page_counter.c, PAGE_COUNTER_MAX). */
export const V1_UNLIMITED_FROM: number = 2 ** 62;

// Memory is counted in pages; the largest in use for user memory accounting is 64 KiB (arm64).
const PAGE_SLACK_BYTES = 64 * 1024;

/** Reads back as it was written. */
export function same(value: string): (content: string) => boolean {
  return (content) => content.trim() === value;
}

/** The kernel rounds down to whole pages; a limit that is higher than asked for is none. */
export function holdsBytes(
  wanted: number | 'max',
  slackBytes: number = PAGE_SLACK_BYTES,
): (content: string) => boolean {
  return (content) => {
    if (wanted === 'max') return content.trim() === 'max';
    const held = Number(content.trim());
    return held <= wanted && held > wanted - slackBytes;
  };
}

/** The numbers in a list as the kernel prints it, ranges where single numbers were written. */
export function expandCpuList(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    if (from === undefined || to === undefined) return [];
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

export function cpusetFile(cpus: readonly number[]): LimitFile {
  return {
    limit: 'cpuset',
    controller: 'cpuset',
    file: 'cpuset.cpus',
    value: cpus.join(','),
    holds: (content) => expandCpuList(content.trim()).join(',') === cpus.join(','),
  };
}
