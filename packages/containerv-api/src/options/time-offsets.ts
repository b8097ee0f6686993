import { checkInteger, checkOptions } from '../option-check.js';

/** How far the clocks of a time namespace are ahead of the host's, in whole seconds; negative: behind. */
export interface TimeOffsets {
  /** CLOCK_MONOTONIC and its variants. @defaultValue 0 */
  readonly monotonicSeconds?: number | undefined;
  /** CLOCK_BOOTTIME, and with it /proc/uptime. @defaultValue 0 */
  readonly boottimeSeconds?: number | undefined;
}

export interface ResolvedTimeOffsets {
  readonly monotonicSeconds: number;
  readonly boottimeSeconds: number;
}

/** Half of KTIME_SEC_MAX, about 146 years: what the kernel takes (time_namespaces(7)). */
const MAX_SECONDS = 4_611_686_018;

export function resolveTimeOffsets(offsets: TimeOffsets | undefined): ResolvedTimeOffsets {
  if (offsets !== undefined) checkOptions(offsets, 'timeOffsets', ['monotonicSeconds', 'boottimeSeconds']);
  const seconds = (name: keyof TimeOffsets): number =>
    checkInteger(offsets?.[name] ?? 0, `timeOffsets.${name}`, -MAX_SECONDS, MAX_SECONDS);
  return { monotonicSeconds: seconds('monotonicSeconds'), boottimeSeconds: seconds('boottimeSeconds') };
}
