/** What a process used, children it waited for included. A figure that the host cannot give is `null`. */
export interface ResourceUsage {
  readonly userCpuMs: number | null;
  readonly systemCpuMs: number | null;
  readonly maxRssBytes: number | null;
  readonly minorPageFaults: number | null;
  readonly majorPageFaults: number | null;
  readonly voluntaryContextSwitches: number | null;
  readonly involuntaryContextSwitches: number | null;
}

/** Why a process ended. `'destroyed'`: its container ended. `'seccomp'`: a forbidden system call killed it. */
export type ExitCause = 'exit' | 'signal' | 'oom' | 'timeout' | 'aborted' | 'seccomp' | 'destroyed';

/** How a process ended. One of `exitCode` and `signal` is `null`, or both when nobody could be told. */
export interface ExitStatus {
  readonly exitCode: number | null;
  /** `'SIGKILL'`. */
  readonly signal: string | null;
  readonly cause: ExitCause;
  readonly resourceUsage: ResourceUsage;
}
