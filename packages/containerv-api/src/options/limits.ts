import { type ByteSize, parseByteSize } from '../byte-size.js';
import { checkInteger, checkOptions, checkText, conflictingOptions, invalidOption } from '../option-check.js';
import { parseCpuList } from './cpu-list.js';
import { type ResolvedHugetlbLimit, resolveHugetlbLimits } from './hugetlb-limits.js';
import { type IoLimits, type ResolvedIoLimits, resolveIoLimits } from './io-limits.js';

/**
 * How much of the host one container may use.
 *
 * A limit given here is enforced, or the call rejects with `ERR_CONTAINERV_UNSUPPORTED`. The three defaults are
 * enforced where the host can; `container.enforced.limits` says whether they are.
 */
export interface Limits {
  /** Memory that may be used before the kernel kills, at least 1 MiB. `'max'` lifts it. @defaultValue '1G' */
  readonly memory?: ByteSize | 'max' | undefined;
  /** Memory above which the container is slowed down and its memory reclaimed; cgroup v2 only. @defaultValue no limit */
  readonly memoryHigh?: ByteSize | 'max' | undefined;
  /** Swap space on top of `memory`. `'max'` lifts it. @defaultValue the kernel's own */
  readonly swap?: ByteSize | 'max' | undefined;
  /** Processors' worth of time, at least 0.01: `0.5` is half of one. `'max'` lifts it. @defaultValue no limit */
  readonly cpus?: number | 'max' | undefined;
  /** Share of processor time under contention, 1 to 10000. @defaultValue 100 */
  readonly cpuWeight?: number | undefined;
  /** Percentage of all the host's processors together, above 0, at most 100. Excludes `cpus`. @defaultValue no limit */
  readonly cpuPercent?: number | undefined;
  /** Processes and threads alive at once, the container's own init included. `'max'` lifts it. @defaultValue 256 */
  readonly pids?: number | 'max' | undefined;
  /** Processors that may be used, as the kernel lists them: `'0-3,5'`. @defaultValue all */
  readonly cpuset?: string | undefined;
  /** Block device bandwidth. @defaultValue no limit */
  readonly io?: IoLimits | undefined;
  /** Huge pages by their size: `{ '2M': '64M', '1G': 0 }`. @defaultValue no limit */
  readonly hugetlb?: Readonly<Record<string, ByteSize | 'max'>> | undefined;
}

export type LimitName = keyof Limits;

/** {@link Limits} with units in the names. `undefined`: no limit was asked for, leave the kernel's default. */
export interface ResolvedLimits {
  readonly memoryBytes: number | 'max';
  readonly memoryHighBytes: number | 'max' | undefined;
  readonly swapBytes: number | 'max' | undefined;
  readonly cpus: number | 'max' | undefined;
  readonly cpuWeight: number;
  readonly cpuPercent: number | undefined;
  readonly pids: number | 'max';
  /** Processor numbers, ascending. */
  readonly cpuset: readonly number[] | undefined;
  readonly io: ResolvedIoLimits | undefined;
  readonly hugetlb: readonly ResolvedHugetlbLimit[] | undefined;
  /** Which limits the caller gave. Those must be enforced; the others are defaults. */
  readonly explicit: Readonly<Record<LimitName, boolean>>;
}

export const LIMIT_NAMES: readonly LimitName[] = [
  'memory',
  'memoryHigh',
  'swap',
  'cpus',
  'cpuWeight',
  'cpuPercent',
  'pids',
  'cpuset',
  'io',
  'hugetlb',
];
const DEFAULT_MEMORY_BYTES = 1024 ** 3;
const DEFAULT_CPU_WEIGHT = 100;
const DEFAULT_PIDS = 256;
// Less cannot hold a process; `memory: 512` was meant to be '512M'.
const MIN_MEMORY_BYTES = 1024 ** 2;
// The kernel's smallest quota is 1 ms in its default period of 100 ms.
const MIN_CPUS = 0.01;
// PID_MAX_LIMIT of 64-bit kernels.
const MAX_PIDS = 2 ** 22;

export function resolveLimits(limits: Limits = {}, option = 'limits'): ResolvedLimits {
  checkOptions(limits, option, LIMIT_NAMES);
  if (limits.cpus !== undefined && limits.cpuPercent !== undefined) {
    throw conflictingOptions(`\`${option}.cpus\` and \`${option}.cpuPercent\` exclude each other`);
  }
  return {
    memoryBytes: limits.memory === undefined ? DEFAULT_MEMORY_BYTES : memory(limits.memory, option),
    memoryHighBytes:
      limits.memoryHigh === undefined ? undefined : bytesOrMax(limits.memoryHigh, `${option}.memoryHigh`),
    swapBytes: limits.swap === undefined ? undefined : bytesOrMax(limits.swap, `${option}.swap`),
    cpus: limits.cpus === undefined ? undefined : cpus(limits.cpus, `${option}.cpus`),
    cpuWeight:
      limits.cpuWeight === undefined
        ? DEFAULT_CPU_WEIGHT
        : checkInteger(limits.cpuWeight, `${option}.cpuWeight`, 1, 10_000),
    cpuPercent:
      limits.cpuPercent === undefined ? undefined : percent(limits.cpuPercent, `${option}.cpuPercent`),
    pids: limits.pids === undefined ? DEFAULT_PIDS : pids(limits.pids, `${option}.pids`),
    cpuset:
      limits.cpuset === undefined
        ? undefined
        : parseCpuList(checkText(limits.cpuset, `${option}.cpuset`), `${option}.cpuset`),
    io: limits.io === undefined ? undefined : resolveIoLimits(limits.io, `${option}.io`),
    hugetlb:
      limits.hugetlb === undefined ? undefined : resolveHugetlbLimits(limits.hugetlb, `${option}.hugetlb`),
    explicit: Object.fromEntries(LIMIT_NAMES.map((name) => [name, limits[name] !== undefined])) as Record<
      LimitName,
      boolean
    >,
  };
}

/**
 * What `container.update` changes: {@link resolveLimits}, of which only the `explicit` ones count.
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` when nothing is to change
 */
export function resolveLimitChanges(limits: Limits): ResolvedLimits {
  const resolved = resolveLimits(limits);
  if (Object.values(resolved.explicit).some(Boolean)) return resolved;
  throw invalidOption('limits', 'at least one limit to change', limits);
}

function memory(value: ByteSize, option: string): number | 'max' {
  const bytes = bytesOrMax(value, `${option}.memory`);
  if (bytes === 'max' || bytes >= MIN_MEMORY_BYTES) return bytes;
  throw invalidOption(`${option}.memory`, 'at least 1 MiB', value, {
    hint: "A plain number is bytes; write '512M' for megabytes.",
  });
}

function bytesOrMax(value: ByteSize, option: string): number | 'max' {
  return value === 'max' ? 'max' : parseByteSize(value, option);
}

function cpus(value: number | 'max', option: string): number | 'max' {
  if (value === 'max') return value;
  if (typeof value === 'number' && value >= MIN_CPUS && Number.isFinite(value)) return value;
  throw invalidOption(option, `a number of at least ${MIN_CPUS} or 'max'`, value);
}

function percent(value: number, option: string): number {
  if (typeof value === 'number' && value > 0 && value <= 100) return value;
  throw invalidOption(option, 'a number above 0, at most 100', value);
}

function pids(value: number | 'max', option: string): number | 'max' {
  if (value === 'max') return value;
  if (Number.isSafeInteger(value) && value >= 1 && value <= MAX_PIDS) return value;
  throw invalidOption(option, `a whole number from 1 to ${MAX_PIDS} or 'max'`, value);
}
