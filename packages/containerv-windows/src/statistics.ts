import type { ContainerStats, ProcessInfo } from 'containerv-api';
import type { JsonObject } from './documents/json.js';

/** Two readings make a share of processor time. */
export interface StatisticsReading {
  readonly stats: ContainerStats;
  /** Since the container started, for the next reading. */
  readonly uptimeNs: number | null;
}

const TICK_NS = 100;

/**
 * `Statistics` of the properties of a compute system. What HCS does not tell is `null`: network figures are the
 * endpoint's, and nobody counts processes that have ended, kills for memory or pressure.
 *
 * @param processes how many `ProcessList` has, when it was asked for
 */
export function readStatistics(
  properties: JsonObject,
  timestamp: Date,
  processes: number | null,
  previous?: StatisticsReading,
): StatisticsReading {
  const statistics = objectIn(properties, 'Statistics');
  const memory = objectIn(statistics, 'Memory');
  const storage = objectIn(statistics, 'Storage');
  const cpuTimeNs = ticks(objectIn(statistics, 'Processor'), 'TotalRuntime100ns');
  const uptimeNs = ticks(statistics, 'Uptime100ns');
  return {
    uptimeNs,
    stats: {
      timestamp,
      memoryBytes: figure(memory, 'MemoryUsageCommitBytes'),
      memoryPeakBytes: figure(memory, 'MemoryUsageCommitPeakBytes'),
      cpuTimeNs,
      cpuPercent: share(cpuTimeNs, uptimeNs, previous),
      readBytes: figure(storage, 'ReadSizeBytes'),
      writeBytes: figure(storage, 'WriteSizeBytes'),
      readOps: figure(storage, 'ReadCountNormalized'),
      writeOps: figure(storage, 'WriteCountNormalized'),
      networkRxBytes: null,
      networkTxBytes: null,
      networkRxPackets: null,
      networkTxPackets: null,
      activeProcesses: processes,
      totalProcesses: null,
      fileAccessesAllowed: null,
      fileAccessesDenied: null,
      oomKills: null,
      cpuPressure: null,
      memoryPressure: null,
      ioPressure: null,
    },
  };
}

/** `ProcessList` of the properties of a compute system. HCS knows neither parents, nor users, nor arguments. */
export function readProcessList(properties: JsonObject): ProcessInfo[] {
  const list: unknown = properties['ProcessList'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const process = (typeof entry === 'object' && entry !== null ? entry : {}) as JsonObject;
    const pid = figure(process, 'ProcessId');
    if (pid === null) return [];
    const image: unknown = process['ImageName'];
    const name = typeof image === 'string' ? image : '';
    const created: unknown = process['CreateTimestamp'];
    const startedAt = new Date(typeof created === 'string' ? created : NaN);
    return {
      pid,
      ppid: 0,
      user: null,
      name,
      command: `[${name}]`,
      memoryBytes: figure(process, 'MemoryCommitBytes'),
      cpuPercent: lifeShare(process, startedAt),
      startedAt: Number.isNaN(startedAt.getTime()) ? null : startedAt,
    };
  });
}

function share(
  cpuTimeNs: number | null,
  uptimeNs: number | null,
  previous: StatisticsReading | undefined,
): number | null {
  if (cpuTimeNs === null || uptimeNs === null) return null;
  const usedNs = cpuTimeNs - (previous?.stats.cpuTimeNs ?? 0);
  const passedNs = uptimeNs - (previous?.uptimeNs ?? 0);
  // The same reading again, or that of a container that was started anew.
  return passedNs > 0 && usedNs >= 0 ? (usedNs / passedNs) * 100 : null;
}

function lifeShare(process: JsonObject, startedAt: Date): number | null {
  const user = ticks(process, 'UserTime100ns');
  const kernel = ticks(process, 'KernelTime100ns');
  const lifeNs = (Date.now() - startedAt.getTime()) * 1e6;
  return user === null || kernel === null || !(lifeNs > 0) ? null : ((user + kernel) / lifeNs) * 100;
}

function ticks(source: JsonObject, name: string): number | null {
  const value = figure(source, name);
  return value === null ? null : value * TICK_NS;
}

/** What is no sensible figure is not known. */
function figure(source: JsonObject, name: string): number | null {
  const value = source[name];
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

function objectIn(source: JsonObject, name: string): JsonObject {
  const value = source[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
