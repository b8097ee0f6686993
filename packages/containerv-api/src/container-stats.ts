import { checkOptions, invalidOption } from './option-check.js';
import { checkAbortSignal } from './options/abort-signal.js';
import { type Duration, parseDuration } from './duration.js';

/** What a container uses. A figure that the host cannot give is `null`, never 0. */
export interface ContainerStats {
  /** When this was read. */
  readonly timestamp: Date;
  /** Memory that counts against `limits.memory`, the page cache of its files included. */
  readonly memoryBytes: number | null;
  /** The most that {@link memoryBytes} has been. */
  readonly memoryPeakBytes: number | null;
  /** Processor time of all its processes, those that have ended included. */
  readonly cpuTimeNs: number | null;
  /**
   * Processor time since this object last read it, as a share of one processor: two busy processors are 200. The first
   * reading is over the container's life.
   */
  readonly cpuPercent: number | null;
  /** What was read from block devices; what came from memory is not counted. */
  readonly readBytes: number | null;
  readonly writeBytes: number | null;
  readonly readOps: number | null;
  readonly writeOps: number | null;
  /** What its network interfaces received, loopback left out. `null` when it shares the host's network. */
  readonly networkRxBytes: number | null;
  readonly networkTxBytes: number | null;
  readonly networkRxPackets: number | null;
  readonly networkTxPackets: number | null;
  /** Processes alive, the container's own init included. */
  readonly activeProcesses: number | null;
  /** Processes there have ever been. Linux does not count them. */
  readonly totalProcesses: number | null;
  /**
   * How often its processes were let, and not let, open, make, move or remove a file by the policy's rules. Counted with
   * `bpfLsm`, since the container's last start; commands to devices are counted when they are denied.
   */
  readonly fileAccessesAllowed: number | null;
  readonly fileAccessesDenied: number | null;
  /** Processes that the kernel killed for memory. */
  readonly oomKills: number | null;
  /** How much its processes waited; `null` without pressure stall information (Linux 5.2, cgroup v2). */
  readonly cpuPressure: Pressure | null;
  readonly memoryPressure: Pressure | null;
  readonly ioPressure: Pressure | null;
}

/** Pressure stall information (https://docs.kernel.org/accounting/psi.html). */
export interface Pressure {
  /** Some of the processes waited. */
  readonly some: PressureShares;
  /** All of them waited at once; `null` where the kernel does not tell. */
  readonly full: PressureShares | null;
}

/** Percentages of the last 10, 60 and 300 seconds, and the sum of all waiting. */
export interface PressureShares {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalUs: number;
}

export interface WatchStatsOptions {
  /** Time between readings, at least 10 ms. @defaultValue '1s' */
  readonly interval?: Duration | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_INTERVAL_MS = 1000;
const MIN_INTERVAL_MS = 10;

/** @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` */
export function resolveWatchStatsOptions(options: WatchStatsOptions = {}): {
  readonly intervalMs: number;
  readonly signal: AbortSignal | undefined;
} {
  checkOptions(options, 'options', ['interval', 'signal']);
  const intervalMs = parseDuration(options.interval ?? DEFAULT_INTERVAL_MS, 'interval');
  if (intervalMs < MIN_INTERVAL_MS) throw invalidOption('interval', 'at least 10 ms', options.interval);
  return { intervalMs, signal: checkAbortSignal(options.signal) };
}
