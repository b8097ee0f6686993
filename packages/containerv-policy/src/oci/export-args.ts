import type { Condition } from '../seccomp/rule.js';
import { invalidPolicy } from '../validate/invalid-policy.js';
import { type MaskedValue, toMaskedValues } from './argument-set.js';
import type { OciArg } from './oci-seccomp.js';

const allBits = 2n ** 64n - 1n;

const operators = {
  '==': 'SCMP_CMP_EQ',
  '!=': 'SCMP_CMP_NE',
  '<': 'SCMP_CMP_LT',
  '<=': 'SCMP_CMP_LE',
  '>': 'SCMP_CMP_GT',
  '>=': 'SCMP_CMP_GE',
} as const;

/**
 * Alternatives of arguments that together mean the conditions. OCI profiles have one comparison per argument, and a
 * mask only with equality; whatever goes beyond becomes several alternatives.
 */
export function exportArgs(conditions: readonly Condition[], name: string): readonly (readonly OciArg[])[] {
  const byIndex = new Map<number, Condition[]>();
  for (const condition of conditions)
    byIndex.set(condition.index, [...(byIndex.get(condition.index) ?? []), condition]);
  let alternatives: readonly (readonly OciArg[])[] = [[]];
  for (const [index, own] of byIndex) {
    const choices = exportArgument(index, own, name);
    alternatives = alternatives.flatMap((args) =>
      choices.map((arg) => (arg === undefined ? args : [...args, arg])),
    );
  }
  return alternatives;
}

function exportArgument(
  index: number,
  conditions: readonly Condition[],
  name: string,
): readonly (OciArg | undefined)[] {
  const [only] = conditions;
  if (only !== undefined && conditions.length === 1 && only.mask === allBits)
    return [{ index, value: toNumber(only.value, name), op: operators[only.op] }];
  const sets = toMaskedValues(conditions);
  if (sets === undefined)
    throw invalidPolicy(
      `The conditions on \`${name}\` cannot be expressed in an OCI profile: an ordering under a mask, or too many exceptions`,
    );
  return sets.map((set) => exportSet(index, set, name));
}

/** A set that fixes no bit is no condition. */
function exportSet(index: number, { mask, value }: MaskedValue, name: string): OciArg | undefined {
  if (mask === 0n) return undefined;
  if (mask === allBits) return { index, value: toNumber(value, name), op: operators['=='] };
  return { index, value: toNumber(mask, name), valueTwo: toNumber(value, name), op: 'SCMP_CMP_MASKED_EQ' };
}

/** Profiles are JSON with plain numbers, of which this runtime writes those up to 2^53 without loss. */
function toNumber(value: bigint, name: string): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw invalidPolicy(
    `The conditions on \`${name}\` cannot be expressed in an OCI profile: a value above 2^53`,
  );
}
