import type { Comparison, Condition } from '../seccomp/rule.js';

/** All values `x` with `x & mask === value`. */
export interface MaskedValue {
  readonly mask: bigint;
  readonly value: bigint;
}

/** More rules than that for one argument nobody could load. */
const maxSets = 1024;

const allBits = 2n ** 64n - 1n;

/** Whether no value is in both: some bit that both fix differs. */
export function areDisjoint(a: MaskedValue, b: MaskedValue): boolean {
  return ((a.value ^ b.value) & a.mask & b.mask) !== 0n;
}

/**
 * The values that satisfy all conditions (on one argument), as a union of masked values, or `undefined` where that is
 * not possible, with orderings under a mask that has gaps, or takes more than anybody could load.
 *
 * Orderings and inequalities are intervals over the bits of a mask without gaps, and an interval is a union of ranges
 * that share a prefix, as a range of addresses is a union of CIDR blocks.
 */
export function toMaskedValues(conditions: readonly Condition[]): readonly MaskedValue[] | undefined {
  let sets: readonly MaskedValue[] = [{ mask: 0n, value: 0n }];
  for (const condition of conditions) {
    const alternatives = maskedValuesOf(condition);
    if (alternatives === undefined) return undefined;
    sets = sets.flatMap((a) => alternatives.flatMap((b) => intersect(a, b)));
    if (sets.length > maxSets) return undefined;
  }
  return sets;
}

function maskedValuesOf({ op, value, mask }: Condition): readonly MaskedValue[] | undefined {
  if (op === '==') return [{ mask, value }];
  if ((mask & (mask + 1n) & allBits) !== 0n) return undefined;
  return intervals(op, value, mask).flatMap(([from, to]) => prefixes(from, to, mask));
}

/** Inclusive; empty ones are left out. */
function intervals(op: Comparison, value: bigint, largest: bigint): readonly (readonly [bigint, bigint])[] {
  const below = [0n, value - 1n] as const;
  const above = [value + 1n, largest] as const;
  const all = {
    '==': [[value, value] as const],
    '!=': [below, above],
    '<': [below],
    '<=': [[0n, value] as const],
    '>': [above],
    '>=': [[value, largest] as const],
  };
  return all[op].filter(([from, to]) => from <= to);
}

/** Always the largest aligned block that begins at `from` and does not pass `to`. */
function prefixes(from: bigint, to: bigint, mask: bigint): readonly MaskedValue[] {
  const blocks: MaskedValue[] = [];
  let next = from;
  while (next <= to) {
    let size = 1n;
    while (next % (size * 2n) === 0n && next + size * 2n - 1n <= to) size *= 2n;
    blocks.push({ mask: mask & ~(size - 1n), value: next });
    next += size;
  }
  return blocks;
}

function intersect(a: MaskedValue, b: MaskedValue): readonly MaskedValue[] {
  return areDisjoint(a, b) ? [] : [{ mask: a.mask | b.mask, value: a.value | b.value }];
}
