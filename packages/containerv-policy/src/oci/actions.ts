import { linuxErrnoName } from 'containerv-api';
import { type Answer, type SyscallAction, fromAnswer, toAnswer } from '../seccomp/answer.js';
import { checkWord } from '../validate/check.js';
import { describeValue, invalidPolicy, unexpected } from '../validate/invalid-policy.js';

/** asm-generic/errno.h: EHWPOISON. */
const largestNamed = 133;

const actions: Readonly<Record<string, SyscallAction>> = {
  SCMP_ACT_ALLOW: 'allow',
  SCMP_ACT_LOG: 'log',
  SCMP_ACT_TRACE: 'trace',
  SCMP_ACT_ERRNO: 'errno',
  SCMP_ACT_TRAP: 'trap',
  SCMP_ACT_KILL: 'kill-thread',
  SCMP_ACT_KILL_THREAD: 'kill-thread',
  SCMP_ACT_KILL_PROCESS: 'kill',
};

/** Podman also writes the errno by name. */
export interface ErrnoFields {
  readonly ret: unknown;
  readonly name: unknown;
}

export function readAction(action: unknown, errno: ErrnoFields, entry: string): Answer {
  if (action === 'SCMP_ACT_NOTIFY')
    throw invalidPolicy(
      `\`${entry}.action\`: SCMP_ACT_NOTIFY needs a supervisor, which containerv does not run`,
    );
  const word = actions[checkWord(action, `${entry}.action`, Object.keys(actions))] ?? 'kill';
  // Docker writes `errnoRet: null` and profiles carry it with actions that ignore it, as libseccomp does.
  const takesData = word === 'errno' || word === 'trace';
  return toAnswer(word, takesData ? readErrno(errno, entry) : undefined, entry);
}

function readErrno({ ret, name }: ErrnoFields, entry: string): unknown {
  const number = ret ?? undefined;
  if (name === undefined || name === '') return number;
  const named = Array.from({ length: largestNamed }, (_, at) => at + 1).find(
    (at) => linuxErrnoName(at) === name,
  );
  if (named === undefined) throw unexpected(`${entry}.errno`, 'an error name like `EPERM`', name);
  if (number !== undefined && number !== named)
    throw invalidPolicy(
      `\`${entry}\` contradicts itself: errno ${describeValue(name)} and errnoRet ${describeValue(number)}`,
    );
  return named;
}

export function writeAction(answer: Answer): { action: string; errnoRet?: number } {
  const { action, data } = fromAnswer(answer);
  const name = Object.keys(actions).findLast((key) => actions[key] === action) ?? 'SCMP_ACT_KILL_PROCESS';
  return action === 'errno' || action === 'trace' ? { action: name, errnoRet: data } : { action: name };
}
