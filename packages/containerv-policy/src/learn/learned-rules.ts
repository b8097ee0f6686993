import type { Arch } from '../arch.js';
import { ALLOW, fromAnswer, LOG } from '../seccomp/answer.js';
import { conditionsKey, mergeRules } from '../seccomp/resolve.js';
import type { CheckedRule, Comparison, Condition } from '../seccomp/rule.js';
import { syscallName } from '../syscalls/table.js';
import { interestsOf } from './argument-interest.js';
import { argumentName } from './argument-names.js';
import { companionCalls, companionsOf } from './companions.js';
import type { Observations, ObservedCall } from './observations.js';

const allBits = 2n ** 64n - 1n;

/**
 * Rules that allow what was allowed, and nothing that `within` does not: each is the rule of `within` that let the call
 * pass, for this syscall only, narrowed to the arguments that were seen.
 */
export function learnedRules(
  { arch, calls, processes, threads }: Omit<Observations, 'files'>,
  within: readonly CheckedRule[],
): readonly CheckedRule[] {
  const inForce = within.filter((rule) => rule.arches.includes(arch));
  const passed = calls.filter(({ answer }) => isPass(answer));
  const rules = passed.flatMap((call): CheckedRule[] => {
    const name = syscallName(call.number, arch);
    return name === undefined ? [] : [ruleFor(name, call, inForce, arch)];
  });
  const names = new Set(rules.flatMap((rule) => rule.names));
  const more = companionCalls(names, { processes, threads }).flatMap(([name, args]): CheckedRule[] => {
    const own = inForce.filter((rule) => matches(rule, name, args));
    const call = { number: 0, answer: ALLOW, args, count: 0 };
    return own.length > 0 && own.every(({ answer }) => answer === ALLOW)
      ? [ruleFor(name, call, inForce, arch)]
      : [];
  });
  // What is denied with an answer of its own stays so.
  const kept = within.filter(({ answer }) => !isPass(answer));
  return tidyRules([...kept, ...rules, ...more, ...companionsOf(names, inForce)]);
}

/** `ioctl(TCGETS)`; nothing for a syscall whose arguments do not matter. */
export function describeCall(name: string, args: readonly bigint[]): string {
  const shown = interestsOf(name).map((interest) => {
    const value = args[interest.index] ?? 0n;
    if ('zero' in interest) return value === 0n ? 'no new value' : 'a new value';
    return argumentName(name, interest.index, value & interest.mask);
  });
  return shown.length === 0 ? name : `${name}(${shown.join(', ')})`;
}

/** The call as conditions on the arguments of interest. */
export function conditionsOfCall(name: string, args: readonly bigint[]): readonly Condition[] {
  return interestsOf(name).map((interest): Condition => {
    const value = args[interest.index] ?? 0n;
    if (!('zero' in interest))
      return { index: interest.index, op: '==', value: value & interest.mask, mask: interest.mask };
    return { index: interest.index, op: value === 0n ? '==' : '!=', value: 0n, mask: allBits };
  });
}

/**
 * Rules that differ in names only become one, a name without conditions stands in one rule, and names are sorted, so
 * that files of several runs can be compared.
 */
export function tidyRules(all: readonly CheckedRule[]): readonly CheckedRule[] {
  const rules = all.filter(({ answer }) => isPass(answer));
  const merged = new Map<string, CheckedRule>();
  const taken = new Set<string>();
  const logged = new Set(
    rules
      .filter(({ answer }) => answer === LOG)
      .flatMap((rule) => rule.names.map((name) => `${name}|${conditionsKey(rule.conditions)}`)),
  );
  for (const rule of rules) {
    const conditions = conditionsKey(rule.conditions);
    // A call that some rule logs is allowed by it; a second rule without the log could never apply.
    const isLogged = (name: string): boolean =>
      rule.answer === ALLOW && (logged.has(`${name}|`) || logged.has(`${name}|${conditions}`));
    const place = `${rule.answer}|${conditions}|${rule.arches.join()}`;
    // With conditions the reason names the values, in the words of whichever rule came first.
    const key = `${place}|${conditions === '' ? rule.reason : rule.names.join()}`;
    const fresh = rule.names.filter((name) => !isLogged(name) && !taken.has(`${place}|${name}`));
    for (const name of fresh) taken.add(`${place}|${name}`);
    if (fresh.length === 0) continue;
    const known = merged.get(key);
    merged.set(key, { ...(known ?? rule), names: [...(known?.names ?? []), ...fresh].sort() });
  }
  // Of denials the first one counts, so they stay as they are and in their order; `mergeRules` drops repetitions.
  const denials = all.filter(({ answer }) => !isPass(answer));
  return [...merged.values(), ...mergeRules([], denials)];
}

function ruleFor(name: string, call: ObservedCall, within: readonly CheckedRule[], arch: Arch): CheckedRule {
  const seen = conditionsOfCall(name, call.args);
  const source = within.find((rule) => rule.answer === call.answer && matches(rule, name, call.args));
  const others = (source?.conditions ?? []).filter(
    (condition) => !seen.some((own) => implies(own, condition)),
  );
  const conditions = [...seen, ...others];
  const reason =
    conditions.length > 0
      ? describeCall(name, call.args)
      : (source?.reason ?? 'allowed by default while learning');
  return { names: [name], answer: call.answer, conditions, arches: source?.arches ?? [arch], reason };
}

function matches({ names, conditions }: CheckedRule, name: string, args: readonly bigint[]): boolean {
  return (
    names.includes(name) && conditions.every((condition) => holds(condition, args[condition.index] ?? 0n))
  );
}

function isPass(answer: number): boolean {
  return ['allow', 'log'].includes(fromAnswer(answer).action);
}

/** Whether an equality leaves nothing to ask of the other condition. */
function implies(own: Condition, other: Condition): boolean {
  return (
    own.op === '==' && own.index === other.index && (other.mask & ~own.mask) === 0n && holds(other, own.value)
  );
}

function holds({ op, value, mask }: Pick<Condition, 'op' | 'value' | 'mask'>, argument: bigint): boolean {
  const compared: Readonly<Record<Comparison, boolean>> = {
    '==': (argument & mask) === value,
    '!=': (argument & mask) !== value,
    '<': (argument & mask) < value,
    '<=': (argument & mask) <= value,
    '>': (argument & mask) > value,
    '>=': (argument & mask) >= value,
  };
  return compared[op];
}
