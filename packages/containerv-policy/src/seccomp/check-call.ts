import { type Arch, arches, auditArch } from '../arch.js';
import { checkSyscallName, syscallNumber } from '../syscalls/table.js';
import { checkBoolean, checkInteger, checkList, checkRecord, checkWord } from '../validate/check.js';
import { invalidPolicy, unexpected } from '../validate/invalid-policy.js';
import { type Answer, fromAnswer } from './answer.js';
import { runFilter } from './interpreter.js';

/** A system call to ask a policy about. */
export interface SyscallCall {
  /** A name, or a number of the architecture. */
  readonly syscall: string | number;
  /** Up to six; negative numbers mean what a C program would pass. @defaultValue 0 each */
  readonly args?: readonly (number | bigint)[];
  /** @defaultValue the host's architecture, x64 where containerv has no tables for it */
  readonly arch?: Arch;
  /** Ask the log-and-allow program instead. @defaultValue false */
  readonly log?: boolean;
}

/** What becomes of it. */
export type Verdict = 'allow' | 'errno' | 'log' | 'kill';

export interface CallOutcome {
  readonly verdict: Verdict;
  readonly answer: Answer;
  readonly instructions: number;
}

/** Runs the program that `compile` gives for the call. */
export function evaluateCall(
  call: SyscallCall,
  compile: (arch: Arch, log: boolean) => Uint8Array,
  defaultArch: Arch,
): CallOutcome {
  const checked = checkRecord(call, 'call', ['syscall', 'args', 'arch', 'log']);
  const arch = checked['arch'] === undefined ? defaultArch : checkWord(checked['arch'], 'call.arch', arches);
  const log = checked['log'] !== undefined && checkBoolean(checked['log'], 'call.log');
  const number = checkNumber(checked['syscall'], arch);
  const args = checked['args'] === undefined ? [] : checkArgs(checked['args']);
  const { answer, instructions } = runFilter(compile(arch, log), {
    number,
    auditArch: auditArch[arch],
    args,
  });
  return { verdict: toVerdict(answer), answer, instructions };
}

function toVerdict(answer: Answer): Verdict {
  switch (fromAnswer(answer).action) {
    case 'allow':
      return 'allow';
    case 'log':
      return 'log';
    case 'errno':
    case 'trace':
      return 'errno';
    case 'trap':
    case 'kill-thread':
    case 'kill':
      return 'kill';
  }
}

function checkNumber(syscall: unknown, arch: Arch): number {
  if (typeof syscall === 'number') return checkInteger(syscall, 'call.syscall', 0, 0xffffffff);
  const name = checkSyscallName(syscall, 'call.syscall');
  const number = syscallNumber(name, arch);
  if (number === undefined) throw invalidPolicy(`\`call.syscall\`: ${arch} has no \`${name}\``);
  return number;
}

function checkArgs(value: unknown): readonly bigint[] {
  const args = checkList(value, 'call.args');
  if (args.length > 6) throw unexpected('call.args', 'at most six arguments', value);
  return args.map((arg, at) => {
    const number = typeof arg === 'number' && Number.isSafeInteger(arg) ? BigInt(arg) : arg;
    if (typeof number !== 'bigint' || number < -(2n ** 63n) || number >= 2n ** 64n)
      throw unexpected(`call.args[${at}]`, 'a whole number of 64 bits', arg);
    return BigInt.asUintN(64, number);
  });
}
