import type { LimitName, ResolvedLimits } from 'containerv-api';

/** One file of a control group to be written for a limit, and how it reads once the kernel has taken it. */
export interface LimitFile {
  readonly limit: LimitName;
  /** The controller that has to be there. */
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  readonly holds: (content: string) => boolean;
}

const PERIOD_US = 100_000;
// Memory is counted in pages; the largest in use for user memory accounting is 64 KiB (arm64).
const PAGE_SLACK_BYTES = 64 * 1024;

const same = (value: string) => (content: string) => content.trim() === value;

/** v2: Documentation/admin-guide/cgroup-v2.rst. */
export function limitFilesV2(limits: ResolvedLimits, hostCpus: number): LimitFile[] {
  const files: LimitFile[] = [];
  const add = (
    limit: LimitName,
    controller: string,
    file: string,
    value: string,
    holds = same(value),
  ): void => {
    files.push({ limit, controller, file, value, holds });
  };
  add('memory', 'memory', 'memory.max', String(limits.memoryBytes), holdsBytes(limits.memoryBytes));
  if (limits.swapBytes !== undefined) {
    add('swap', 'memory', 'memory.swap.max', String(limits.swapBytes), holdsBytes(limits.swapBytes));
  }
  add('cpuWeight', 'cpu', 'cpu.weight', String(limits.cpuWeight));
  const quota = quotaUs(limits, hostCpus);
  if (quota !== undefined) add(quota.limit, 'cpu', 'cpu.max', `${quota.us} ${PERIOD_US}`);
  add('pids', 'pids', 'pids.max', String(limits.pids));
  if (limits.cpuset !== undefined) addCpuset(add, limits.cpuset);
  return files;
}

/** v1: Documentation/admin-guide/cgroup-v1/. */
export function limitFilesV1(limits: ResolvedLimits, hostCpus: number): LimitFile[] {
  const files: LimitFile[] = [];
  const add = (
    limit: LimitName,
    controller: string,
    file: string,
    value: string,
    holds = same(value),
  ): void => {
    files.push({ limit, controller, file, value, holds });
  };
  const memory = limits.memoryBytes;
  if (memory !== 'max') add('memory', 'memory', 'memory.limit_in_bytes', String(memory), holdsBytes(memory));
  if (limits.swapBytes !== undefined && limits.swapBytes !== 'max' && memory !== 'max') {
    // v1 limits memory and swap together.
    const both = memory + limits.swapBytes;
    add('swap', 'memory', 'memory.memsw.limit_in_bytes', String(both), holdsBytes(both));
  }
  // The kernel's default is 1024 shares where v2's is a weight of 100.
  const shares = String(Math.min(262_144, Math.max(2, Math.round((limits.cpuWeight * 1024) / 100))));
  add('cpuWeight', 'cpu', 'cpu.shares', shares);
  const quota = quotaUs(limits, hostCpus);
  if (quota !== undefined) {
    add(quota.limit, 'cpu', 'cpu.cfs_period_us', String(PERIOD_US));
    add(quota.limit, 'cpu', 'cpu.cfs_quota_us', quota.us === 'max' ? '-1' : String(quota.us));
  }
  add('pids', 'pids', 'pids.max', String(limits.pids));
  if (limits.cpuset !== undefined) addCpuset(add, limits.cpuset);
  return files;
}

type Add = (
  limit: LimitName,
  controller: string,
  file: string,
  value: string,
  holds?: (content: string) => boolean,
) => void;

function addCpuset(add: Add, cpus: readonly number[]): void {
  // The kernel prints ranges where numbers were written.
  add(
    'cpuset',
    'cpuset',
    'cpuset.cpus',
    cpus.join(','),
    (content) => expand(content.trim()).join(',') === cpus.join(','),
  );
}

function expand(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    if (from === undefined || to === undefined) return [];
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

function quotaUs(
  { cpus, cpuPercent }: ResolvedLimits,
  hostCpus: number,
): { readonly limit: LimitName; readonly us: number | 'max' } | undefined {
  if (cpus === 'max') return { limit: 'cpus', us: 'max' };
  if (cpus !== undefined) return { limit: 'cpus', us: Math.round(cpus * PERIOD_US) };
  if (cpuPercent === undefined) return undefined;
  return { limit: 'cpuPercent', us: Math.max(1000, Math.round((cpuPercent / 100) * hostCpus * PERIOD_US)) };
}

/** The kernel rounds down to whole pages; a limit that is higher than asked for is none. */
function holdsBytes(wanted: number | 'max'): (content: string) => boolean {
  return (content) => {
    if (wanted === 'max') return content.trim() === 'max';
    const held = Number(content.trim());
    return held <= wanted && held > wanted - PAGE_SLACK_BYTES;
  };
}
