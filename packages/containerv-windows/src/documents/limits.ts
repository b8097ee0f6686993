import { ContainervError, type ResolvedLimits } from 'containerv-api';
import type { Guest } from './guest.js';

const MIB = 1024 ** 2;
/** ProcessorMaximum counts in hundredths of a percent of the whole host. */
const WHOLE_HOST = 10_000;
/** A virtual machine's Limit counts in thousandths of a percent of its own processors. */
const WHOLE_MACHINE = 100_000;

/** Limits in the units of HCS. `undefined`: not in the document. */
export interface HcsLimits {
  readonly memoryMb: number | undefined;
  /** Exactly one way of sharing processors, as HCS takes it. */
  readonly processor: ProcessorLimit;
  readonly iopsMaximum: number | undefined;
  readonly bytesPerSecondMaximum: number | undefined;
}

export type ProcessorLimit =
  /** Hundredths of a percent of the host, 1 to 10000. */
  | { readonly kind: 'maximum'; readonly value: number }
  /** 1 to 10000. */
  | { readonly kind: 'weight'; readonly value: number };

/**
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for a limit that was asked for and that HCS has no field for.
 */
export function hcsLimits(
  limits: ResolvedLimits,
  processors: number,
  { os, isolation }: Pick<Guest, 'os' | 'isolation'>,
): HcsLimits {
  refuse(limits, 'swap', 'Windows has one page file for the whole host');
  refuse(limits, 'cpuset', 'HCS binds containers to processors only through host-wide CPU groups');
  refuse(limits, 'memoryHigh', 'HCS has no field for it');
  refuse(limits, 'hugetlb', 'HCS has no field for it');
  // In a Linux container its own control group holds it, and the job around a container that shares the host's kernel.
  if (os === 'windows' && isolation === 'hyperv') {
    refuse(limits, 'pids', 'nothing counts processes in a virtual machine');
  }
  if (os === 'linux' && limits.io !== undefined)
    throw unsupported('`limits.io`', 'its root is a share, not a disk');
  const { cpus, cpuPercent, cpuWeight, explicit } = limits;
  const maximum =
    cpuPercent !== undefined
      ? clamp(Math.floor((cpuPercent / 100) * WHOLE_HOST), 1, WHOLE_HOST)
      : cpus !== undefined && cpus !== 'max'
        ? clamp(Math.floor((cpus / processors) * WHOLE_HOST), 1, WHOLE_HOST)
        : undefined;
  if (maximum !== undefined && explicit.cpuWeight) {
    throw unsupported('`limits.cpuWeight` beside a limit of processor time', 'HCS takes only one of them');
  }
  return {
    memoryMb: limits.memoryBytes === 'max' ? undefined : Math.max(1, Math.floor(limits.memoryBytes / MIB)),
    processor:
      maximum === undefined ? { kind: 'weight', value: cpuWeight } : { kind: 'maximum', value: maximum },
    ...ioLimits(limits),
  };
}

/** Processors of a virtual machine and how much of them it may use, so that both make up the limit. */
export interface MachineProcessors {
  readonly count: number;
  /** Thousandths of a percent of `count` processors, 1 to 100000; `undefined`: all. */
  readonly limit: number | undefined;
  /** 1 to 10000. */
  readonly weight: number | undefined;
}

export function machineProcessors(limit: ProcessorLimit, processors: number): MachineProcessors {
  if (limit.kind === 'weight') return { count: processors, limit: undefined, weight: limit.value };
  const wanted = (limit.value / WHOLE_HOST) * processors;
  const count = clamp(Math.ceil(wanted), 1, processors);
  const share = clamp(Math.floor((wanted / count) * WHOLE_MACHINE), 1, WHOLE_MACHINE);
  return { count, limit: share === WHOLE_MACHINE ? undefined : share, weight: undefined };
}

/** A virtual machine has some amount of memory, and it is even. */
export function machineMemoryMb(memoryMb: number | undefined): number {
  if (memoryMb !== undefined) return Math.max(2, memoryMb - (memoryMb % 2));
  throw unsupported(
    "`limits.memory: 'max'` with Hyper-V isolation",
    'a virtual machine has a fixed amount of memory',
  );
}

/** One number for reads and writes together, so only a limit of both can be told. */
function ioLimits({ io }: ResolvedLimits): Pick<HcsLimits, 'iopsMaximum' | 'bytesPerSecondMaximum'> {
  if (io === undefined) return { iopsMaximum: undefined, bytesPerSecondMaximum: undefined };
  const [device, ...others] = io.devices;
  if (io.weight !== undefined) throw unsupported('`limits.io.weight`', 'HCS has no field for it');
  if (device === undefined || others.length > 0 || device.device !== 'root') {
    throw unsupported(
      "`limits.io.devices` other than one entry with `device: 'root'`",
      'a container has one disk',
    );
  }
  const both = (read: number | undefined, write: number | undefined): number | undefined => {
    if (read === undefined && write === undefined) return undefined;
    if (read === undefined || write === undefined) {
      throw unsupported('`limits.io` for reads or writes alone', 'HCS limits their sum: give both');
    }
    return Math.min(read, write);
  };
  return {
    iopsMaximum: both(device.readOpsPerSecond, device.writeOpsPerSecond),
    bytesPerSecondMaximum: both(device.readBytesPerSecond, device.writeBytesPerSecond),
  };
}

type Refused = 'swap' | 'cpuset' | 'pids' | 'memoryHigh' | 'hugetlb';

function refuse(limits: ResolvedLimits, name: Refused, why: string): void {
  const value: Readonly<Record<Refused, unknown>> = {
    swap: limits.swapBytes,
    cpuset: limits.cpuset,
    pids: limits.pids,
    memoryHigh: limits.memoryHighBytes,
    hugetlb: limits.hugetlb,
  };
  if (limits.explicit[name] && value[name] !== 'max') throw unsupported(`\`limits.${name}\``, why);
}

function unsupported(what: string, why: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `Windows cannot enforce ${what}: ${why}`, {
    step: 'check limits',
    hint: 'It is refused because ignoring it would give you less than you asked for. Leave it out.',
  });
}

function clamp(value: number, minimum: number, maximum: number): number {
  return Math.min(maximum, Math.max(minimum, value));
}
