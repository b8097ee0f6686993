import { JEQ_K, JGE_K, JGT_K, JSET_K, offsetOfArg } from './bpf.js';
import type { Label, ProgramBuilder } from './program-builder.js';
import { type Branch, conditionKey, type Decision } from './resolve.js';
import type { Comparison, Condition } from './rule.js';

/**
 * A piece of program that may begin with a load of `word`. Whoever has that word in the accumulator already enters at
 * `loaded`: a list of values for one argument then costs one load, not one for each.
 */
interface Piece {
  readonly label: Label;
  readonly word?: number;
  readonly loaded?: Label;
}

/** 32 bits of an argument and the part of the condition that concerns them. */
interface Half {
  readonly word: number;
  readonly mask: number;
  readonly value: number;
}

const allBits = 0xffffffff;

/** Code that tries the branches in order and ends in an answer. */
export function emitDecision(program: ProgramBuilder, { branches, otherwise }: Decision): Label {
  return emitBranches(program, branches, 0, { label: program.answer(otherwise) }).label;
}

/**
 * The branches from their condition number `depth` on. Neighbours that begin with the same condition share its test:
 * of the socket rules those of other families cost one comparison, not one for each type and protocol.
 */
function emitBranches(
  program: ProgramBuilder,
  branches: readonly Branch[],
  depth: number,
  otherwise: Piece,
): Piece {
  let next = otherwise;
  for (let end = branches.length; end > 0; ) {
    const { conditions, answer } = branches[end - 1] as Branch;
    const condition = conditions[depth];
    let start = end - 1;
    if (condition === undefined) {
      next = { label: program.answer(answer) };
    } else {
      const key = conditionKey(condition);
      while (start > 0 && keyAt(branches[start - 1], depth) === key) start--;
      const holds = emitBranches(program, branches.slice(start, end), depth + 1, next);
      next = emitCondition(program, condition, holds, next);
    }
    end = start;
  }
  return next;
}

function keyAt(branch: Branch | undefined, depth: number): string | undefined {
  const condition = branch?.conditions[depth];
  return condition === undefined ? undefined : conditionKey(condition);
}

/** Three comparisons are the other three with the outcomes swapped. */
const opposite: Partial<Record<Comparison, '==' | '>' | '>='>> = { '!=': '==', '<=': '>', '<': '>=' };

function emitCondition(program: ProgramBuilder, condition: Condition, holds: Piece, fails: Piece): Piece {
  const swapped = opposite[condition.op];
  if (swapped !== undefined) return emitComparison(program, { ...condition, op: swapped }, fails, holds);
  return emitComparison(program, condition, holds, fails);
}

/** `==`, `>` and `>=` over 64 bits with 32-bit jumps: the low halves matter only where the high halves are equal. */
function emitComparison(program: ProgramBuilder, condition: Condition, yes: Piece, no: Piece): Piece {
  const low = half(condition, 'low');
  const high = half(condition, 'high');
  const lowPiece = emitLow(program, condition.op, low, yes, no);
  // Bits that the mask clears on both sides are equal.
  if (high.mask === 0) return lowPiece;
  if (condition.op === '==') return emitTest(program, high, JEQ_K, lowPiece, no);
  return emitOrdered(program, high, yes, lowPiece, no);
}

function emitLow(program: ProgramBuilder, op: Comparison, low: Half, yes: Piece, no: Piece): Piece {
  if (low.mask === 0) return op === '>' ? no : yes;
  return emitTest(program, low, op === '==' ? JEQ_K : op === '>' ? JGT_K : JGE_K, yes, no);
}

function emitTest(
  program: ProgramBuilder,
  { word, mask, value }: Half,
  code: number,
  yes: Piece,
  no: Piece,
): Piece {
  if (mask === allBits) return fromLoad(program, word, jump(program, word, code, value, yes, no));
  // One instruction for "none of these bits" and "this bit", which leaves the accumulator as it was.
  if (code === JEQ_K && value === 0)
    return fromLoad(program, word, jump(program, word, JSET_K, mask, no, yes));
  if (code === JEQ_K && value === mask && isPowerOfTwo(mask))
    return fromLoad(program, word, jump(program, word, JSET_K, mask, yes, no));
  const test = program.jump(code, value, yes.label, no.label);
  return fromLoad(program, word, program.and(mask, test));
}

/** `if (high > value) yes; else if (high == value) equal; else no`. */
function emitOrdered(
  program: ProgramBuilder,
  { word, mask, value }: Half,
  yes: Piece,
  equal: Piece,
  no: Piece,
): Piece {
  if (mask === allBits) {
    const isEqual: Piece = { label: jump(program, word, JEQ_K, value, equal, no) };
    return fromLoad(program, word, jump(program, word, JGT_K, value, yes, isEqual));
  }
  const isEqual = program.jump(JEQ_K, value, equal.label, no.label);
  const isGreater = program.jump(JGT_K, value, yes.label, isEqual);
  return fromLoad(program, word, program.and(mask, isGreater));
}

/** A jump made while the accumulator holds `word` unmasked. */
function jump(program: ProgramBuilder, word: number, code: number, k: number, yes: Piece, no: Piece): Label {
  return program.jump(code, k, enter(yes, word), enter(no, word));
}

function enter(piece: Piece, word: number): Label {
  return piece.word === word && piece.loaded !== undefined ? piece.loaded : piece.label;
}

/** The load is emitted only when somebody comes without the word: a list of values would leave one for each. */
function fromLoad(program: ProgramBuilder, word: number, loaded: Label): Piece {
  let label: Label | undefined;
  return {
    word,
    loaded,
    get label() {
      label ??= program.load(word, loaded);
      return label;
    },
  };
}

function half({ index, mask, value }: Condition, which: 'low' | 'high'): Half {
  const shift = which === 'high' ? 32n : 0n;
  const part = (bits: bigint): number => Number((bits >> shift) & BigInt(allBits));
  return { word: offsetOfArg(index, which), mask: part(mask), value: part(value) };
}

function isPowerOfTwo(bits: number): boolean {
  return Number.isInteger(Math.log2(bits));
}
