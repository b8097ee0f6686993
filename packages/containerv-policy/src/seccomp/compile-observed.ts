import type { Arch } from '../arch.js';
import { syscallNumber } from '../syscalls/table.js';
import { ALLOW, type Answer, LOG } from './answer.js';
import { JEQ_K, offsetOfArg, offsetOfNumber } from './bpf.js';
import { compileProgram } from './compile.js';
import type { Label, ProgramBuilder } from './program-builder.js';
import type { SeccompRules } from './rule.js';

/** SECCOMP_RET_USER_NOTIF (linux/seccomp.h): whoever holds the filter's listening descriptor answers. */
export const HAND_OVER: Answer = 0x7fc00000;

/** What the way out of a process takes. Were it handed over, nothing could end once the observer is gone. */
const endings: ReadonlySet<string> = new Set(['exit', 'exit_group', 'rt_sigreturn', 'restart_syscall']);

/**
 * A call that is handed over can be interrupted by a signal before somebody takes it, and programs do not expect that of
 * these. Which of them were made is told by the tasks that are there.
 */
const tasks: ReadonlySet<string> = new Set(['clone', 'fork', 'vfork']);

export interface ObservedFilterOptions {
  readonly arch: Arch;
  /** Allowed calls that are handed over too; denied ones always are. */
  readonly observed: 'all' | ReadonlySet<string>;
  /** 64 random bits, neither half 0: lets pass the one `sendmsg` that hands out the listening descriptor. */
  readonly pass: bigint;
}

/** The rules as a program that leaves to an observer what it would deny, and of what it would allow what is observed. */
export function compileObserved(
  rules: SeccompRules,
  { arch, observed, pass }: ObservedFilterOptions,
): Uint8Array {
  const passes = (name: string | undefined): boolean =>
    name !== undefined &&
    (endings.has(name) || tasks.has(name) || (observed !== 'all' && !observed.has(name)));
  return compileProgram(
    rules,
    arch,
    (answer, name) => ((answer === ALLOW || answer === LOG) && passes(name) ? answer : HAND_OVER),
    (program, rest) => letPass(program, rest, arch, pass),
  );
}

/**
 * `sendmsg` whose first and third argument have the halves of `pass` above them. Both are ints, so the kernel ignores
 * those bits, and nothing but the container's init knows them.
 */
export function letPass(program: ProgramBuilder, rest: Label, arch: Arch, pass: bigint): Label {
  const [upper, lower] = [Number(pass >> 32n), Number(pass & 0xffffffffn)];
  const flags = program.jump(JEQ_K, lower, program.answer(ALLOW), rest);
  const socket = program.jump(JEQ_K, upper, program.load(offsetOfArg(2, 'high'), flags), rest);
  const named = program.load(offsetOfArg(0, 'high'), socket);
  return program.load(offsetOfNumber, program.jump(JEQ_K, syscallNumber('sendmsg', arch) ?? 0, named, rest));
}
