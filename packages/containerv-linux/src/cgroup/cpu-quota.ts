import type { LimitName, ResolvedLimits } from 'containerv-api';

export const PERIOD_US = 100_000;

/** Processor time that may be used in {@link PERIOD_US}; `undefined`: no limit was asked for. */
export function cpuQuota(
  { cpus, cpuPercent }: ResolvedLimits,
  hostCpus: number,
): { readonly limit: LimitName; readonly us: number | 'max' } | undefined {
  if (cpus === 'max') return { limit: 'cpus', us: 'max' };
  if (cpus !== undefined) return { limit: 'cpus', us: Math.round(cpus * PERIOD_US) };
  if (cpuPercent === undefined) return undefined;
  return { limit: 'cpuPercent', us: Math.max(1000, Math.round((cpuPercent / 100) * hostCpus * PERIOD_US)) };
}
