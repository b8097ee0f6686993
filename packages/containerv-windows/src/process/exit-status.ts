import { type ExitStatus, type ResourceUsage, signalName } from 'containerv-api';
import type { ProcessExit } from '../hcs/hcs-api.js';

/** Why we ended a process, when it was us. */
export interface Ending {
  readonly cause: 'timeout' | 'aborted' | 'signal' | 'destroyed';
  /** Linux number. */
  readonly signal: number;
}

/** HCS tells nothing of single processes. */
const NO_USAGE: ResourceUsage = {
  userCpuMs: null,
  systemCpuMs: null,
  maxRssBytes: null,
  minorPageFaults: null,
  majorPageFaults: null,
  voluntaryContextSwitches: null,
  involuntaryContextSwitches: null,
};

/** What Windows leaves as the exit code of what a console event, or TerminateProcess, ended. */
const TERMINATED = new Set([0xc000_013a, 1, 0x4001_0004]);

/**
 * Windows has exit codes only. A process that we ended has, as child_process has it, the signal that we sent; one that
 * handled the request and ended by itself has its own code, and the cause says why it was asked to.
 */
export function exitStatus({ exitCode }: ProcessExit, ending: Ending | undefined): ExitStatus {
  if (exitCode === undefined) {
    return { exitCode: null, signal: 'SIGKILL', cause: 'destroyed', resourceUsage: NO_USAGE };
  }
  if (ending === undefined) return { exitCode, signal: null, cause: 'exit', resourceUsage: NO_USAGE };
  const bySignal = TERMINATED.has(exitCode);
  return {
    exitCode: bySignal ? null : exitCode,
    signal: bySignal ? signalName(ending.signal) : null,
    cause: ending.cause === 'signal' && !bySignal ? 'exit' : ending.cause,
    resourceUsage: NO_USAGE,
  };
}
