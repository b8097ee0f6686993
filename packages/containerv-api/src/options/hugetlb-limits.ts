import { type ByteSize, parseByteSize } from '../byte-size.js';
import { checkOptions, invalidOption } from '../option-check.js';

export interface ResolvedHugetlbLimit {
  /** As the kernel names its files: `'2MB'`. */
  readonly pageSize: string;
  readonly bytes: number | 'max';
}

const UNITS: readonly (readonly [name: string, bytes: number])[] = [
  ['GB', 1024 ** 3],
  ['MB', 1024 ** 2],
  ['KB', 1024],
];

/** Sizes of pages are written as any other size: `'2M'`, `'1GiB'`. */
export function resolveHugetlbLimits(
  limits: Readonly<Record<string, ByteSize | 'max'>>,
  option: string,
): readonly ResolvedHugetlbLimit[] {
  checkOptions(limits, option, Object.keys(limits ?? {}));
  return Object.entries(limits).map(([size, limit]) => ({
    pageSize: pageSize(size, option),
    bytes: limit === 'max' ? limit : parseByteSize(limit, `${option}.${size}`),
  }));
}

/** hugetlb_cgroup.c, mem_fmt: the largest unit that fits. */
function pageSize(size: string, option: string): string {
  const bytes = parseByteSize(size, option);
  const [name, unit] = UNITS.find(([, scale]) => bytes >= scale) ?? ['', 0];
  const power = Math.log2(bytes);
  if (unit > 0 && Number.isInteger(power)) return `${bytes / unit}${name}`;
  throw invalidOption(option, "an object whose names are sizes of huge pages, such as '2M'", size);
}
