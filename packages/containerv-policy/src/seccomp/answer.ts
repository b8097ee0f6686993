import { checkInteger, checkWord } from '../validate/check.js';
import { invalidPolicy } from '../validate/invalid-policy.js';

/**
 * What the kernel does with a system call, from the most to the least permissive.
 *
 * - `allow`: run it. `log`: run it and write a line to the kernel's log.
 * - `trace`: ask a ptrace tracer; without one the call fails with `ENOSYS`.
 * - `errno`: fail with `errno`. `trap`: send `SIGSYS`.
 * - `kill-thread`, `kill`: end the thread, or the whole process, with `SIGSYS`.
 */
export type SyscallAction = 'allow' | 'log' | 'trace' | 'errno' | 'trap' | 'kill-thread' | 'kill';

/** The `SECCOMP_RET_*` value a filter returns: the action in the upper half, its data in the lower. */
export type Answer = number;

/** linux/seccomp.h */
const actionBits: Readonly<Record<SyscallAction, number>> = {
  allow: 0x7fff0000,
  log: 0x7ffc0000,
  trace: 0x7ff00000,
  errno: 0x00050000,
  trap: 0x00030000,
  'kill-thread': 0x00000000,
  kill: 0x80000000,
};

const syscallActions: readonly SyscallAction[] = Object.keys(actionBits) as SyscallAction[];

const EPERM = 1;
const ENOSYS = 38;
/** The kernel answers a larger errno with this one (MAX_ERRNO, linux/err.h). */
const maxErrno = 4095;

export const ALLOW: Answer = actionBits.allow;
export const LOG: Answer = actionBits.log;
export const KILL: Answer = actionBits.kill;
/** A syscall that the kernel has and the policy does not allow. */
export const DENY: Answer = actionBits.errno + EPERM;
/** As a kernel without it would answer: makes libc and runtimes fall back to an older call. */
export const ABSENT: Answer = actionBits.errno + ENOSYS;

/**
 * The answer for an action of a rule.
 * `errno` is the data of `errno` (default `EPERM`, 0 to 4095; 0 pretends that the call succeeded), `trace` and `trap` (default 0, 16 bits).
 */
export function toAnswer(action: unknown, errno: unknown, entry: string): Answer {
  const word = checkWord(action, `${entry}.action`, syscallActions);
  if (word === 'errno')
    return (
      actionBits.errno + (errno === undefined ? EPERM : checkInteger(errno, `${entry}.errno`, 0, maxErrno))
    );
  if (errno === undefined) return actionBits[word];
  if (word === 'trace' || word === 'trap')
    return actionBits[word] + checkInteger(errno, `${entry}.errno`, 0, 0xffff);
  throw invalidPolicy(`\`${entry}.errno\` means nothing with the action '${word}'`);
}

/** The action and data of an answer, as the kernel reads them: an unknown action kills. */
export function fromAnswer(answer: Answer): { action: SyscallAction; data: number } {
  const bits = (answer & 0xffff0000) >>> 0;
  const action = syscallActions.find((candidate) => actionBits[candidate] === bits) ?? 'kill';
  return { action, data: answer & 0xffff };
}

/** Ascending order is most restrictive first: the order in which the kernel itself ranks several filters. */
export function severity(answer: Answer): number {
  return (answer & 0xffff0000) | 0;
}
