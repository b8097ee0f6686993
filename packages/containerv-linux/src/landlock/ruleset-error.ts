import type { ContainervError } from 'containerv-api';
import { type SystemFailure, systemError } from '../system-error.js';

/** What init calls the step in which it makes and applies a ruleset. */
export const FILE_RULES_STEP = 'apply file rules';

const E2BIG = 7;
const NOWHERE: ReadonlySet<number> = new Set([2, 13, 20, 36, 40]);

/** Whether a path of a rule just is not there. */
export function leadsNowhere({ errno }: SystemFailure): boolean {
  return NOWHERE.has(errno);
}

/** Turns init's failure to apply a policy's file rules into what the caller needs to know. */
export function rulesetError(failure: SystemFailure, cause?: unknown): ContainervError {
  const details = cause === undefined ? {} : { cause };
  if (failure.syscall === 'openat2' && leadsNowhere(failure)) {
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_NOT_FOUND',
      what: "A path of the policy's file rules does not exist in the container:",
      hint: "Create it in the root, mount something there, or name a directory above it: that covers it. Below the security level 'strict' it is a warning.",
    });
  }
  const hint =
    failure.errno === E2BIG ? 'The kernel stacks 16 Landlock rulesets at most (landlock(7)).' : undefined;
  return systemError(failure, { ...details, what: "Cannot apply the policy's file rules", hint });
}
