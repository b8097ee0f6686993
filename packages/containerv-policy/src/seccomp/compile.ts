import { type Arch, auditArch } from '../arch.js';
import { syscallEntries } from '../syscalls/table.js';
import { ABSENT, type Answer, KILL, LOG, fromAnswer } from './answer.js';
import { JEQ_K, JGE_K, offsetOfArch, offsetOfNumber } from './bpf.js';
import { emitDecision } from './emit-decision.js';
import { type Label, ProgramBuilder } from './program-builder.js';
import { type Decision, conditionsKey, resolveRules } from './resolve.js';
import type { SeccompRules } from './rule.js';

/** x86-64 kernels take the calls of the x32 ABI under the same `AUDIT_ARCH`, marked by this bit (asm/unistd.h). */
const x32Bit = 0x40000000;
/** `syscall(-1)`: not an x32 call, just a number that no kernel has. */
const minusOne = 0xffffffff;

/** Consecutive numbers with one decision. */
interface Segment {
  readonly from: number;
  readonly decision: Decision;
  readonly key: string;
}

export interface CompileOptions {
  readonly arch: Arch;
  /** Allow and log what would be denied. */
  readonly log: boolean;
}

/**
 * The program: architecture, foreign ABIs, then a balanced search over ranges of numbers, then arguments for those
 * syscalls that have conditions. Whatever is decided without arguments reads none, so that the kernel (since 5.11)
 * answers allowed calls from a bitmap without running the program.
 */
export function compileRules(rules: SeccompRules, { arch, log }: CompileOptions): Uint8Array {
  return compileProgram(rules, arch, log ? logInstead : (answer) => answer);
}

/** What a program answers in place of a rule's answer; `name` is `undefined` for numbers that the tables do not know. */
export type Treatment = (answer: Answer, name: string | undefined) => Answer;

/**
 * The program with every answer but those to foreign ABIs treated.
 *
 * @param before puts code between the check of the architecture and the rest
 */
export function compileProgram(
  rules: SeccompRules,
  arch: Arch,
  treat: Treatment,
  before: (program: ProgramBuilder, rest: Label) => Label = (_, rest) => rest,
): Uint8Array {
  const program = new ProgramBuilder();
  const segments = segmentsOf(rules, arch, treat);
  const decisions = new Map<string, Label>();
  // Argument checks go to the end: the search stays compact and its 8-bit jumps reach.
  for (const { decision, key } of segments.toReversed()) {
    if (decision.branches.length > 0 && !decisions.has(key))
      decisions.set(key, emitDecision(program, decision));
  }
  const leaf = ({ decision, key }: Segment): Label =>
    decisions.get(key) ?? program.answer(decision.otherwise);
  const search = emitSearch(program, segments, leaf);
  const number = program.load(offsetOfNumber, arch === 'x64' ? refuseX32(program, search) : search);
  const native = program.jump(JEQ_K, auditArch[arch], before(program, number), program.answer(KILL));
  return program.finish(program.load(offsetOfArch, native));
}

function refuseX32(program: ProgramBuilder, search: Label): Label {
  const foreign = program.jump(JEQ_K, minusOne, program.answer(ABSENT), program.answer(KILL));
  return program.jump(JGE_K, x32Bit, foreign, search);
}

function segmentsOf(rules: SeccompRules, arch: Arch, treat: Treatment): readonly Segment[] {
  const decided = resolveRules(rules, arch);
  const unknown: Decision = { branches: [], otherwise: treat(rules.unknownAnswer, undefined) };
  const segments: Segment[] = [];
  const append = (from: number, decision: Decision): void => {
    const key = decisionKey(decision);
    if (segments.at(-1)?.key !== key) segments.push({ from, decision, key });
  };
  let expected = 0;
  for (const [name, number] of syscallEntries(arch)) {
    if (number > expected) append(expected, unknown);
    const decision = decided.get(name) ?? { branches: [], otherwise: rules.defaultAnswer };
    append(
      number,
      treatDecision(decision, (answer) => treat(answer, name)),
    );
    expected = number + 1;
  }
  append(expected, unknown);
  return segments;
}

/** Balanced over the segments; a lone number between equal neighbours is one test instead of two. */
function emitSearch(
  program: ProgramBuilder,
  segments: readonly Segment[],
  leaf: (segment: Segment) => Label,
): Label {
  const [first, second, third] = segments;
  if (first === undefined) throw new RangeError('a search needs at least one segment');
  if (second === undefined) return leaf(first);
  if (
    third !== undefined &&
    segments.length === 3 &&
    first.key === third.key &&
    third.from === second.from + 1
  )
    return program.jump(JEQ_K, second.from, leaf(second), leaf(first));
  const middle = segments.length >> 1;
  const upper = segments.slice(middle);
  const right = emitSearch(program, upper, leaf);
  const left = emitSearch(program, segments.slice(0, middle), leaf);
  return program.jump(JGE_K, upper[0]?.from ?? 0, right, left);
}

/** Denials become log entries. What only tells a program "not on this kernel" stays, so it behaves as when enforced. */
function logInstead(answer: Answer): Answer {
  return answer === ABSENT || fromAnswer(answer).action === 'allow' ? answer : LOG;
}

function treatDecision({ branches, otherwise }: Decision, treat: (answer: Answer) => Answer): Decision {
  const treated = branches.map(({ conditions, answer }) => ({ conditions, answer: treat(answer) }));
  const last = treat(otherwise);
  // What comes to the same whatever the arguments are need not look at them.
  while (treated.at(-1)?.answer === last) treated.pop();
  return { branches: treated, otherwise: last };
}

function decisionKey({ branches, otherwise }: Decision): string {
  return [
    ...branches.map(({ conditions, answer }) => `${conditionsKey(conditions)}?${answer}`),
    otherwise,
  ].join(':');
}
