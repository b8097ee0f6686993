import { type Arch, arches } from '../arch.js';
import { invalidPolicy } from '../validate/invalid-policy.js';
import { type Answer, fromAnswer, severity } from './answer.js';
import type { CheckedRule, Condition, SeccompRules } from './rule.js';

/** One alternative for a syscall: when all conditions hold, this is the answer. */
export interface Branch {
  readonly conditions: readonly Condition[];
  readonly answer: Answer;
}

/** What happens to one syscall: the first branch that matches decides, else `otherwise`. */
export interface Decision {
  readonly branches: readonly Branch[];
  readonly otherwise: Answer;
}

/**
 * The decision for every syscall that a rule names, on one architecture.
 *
 * Where several rules match a call, the most restrictive answer wins, which is how the kernel itself combines
 * filters; between two of one severity (two errnos) the one stated first.
 *
 * @throws ERR_CONTAINERV_INVALID_POLICY when a rule could never decide anything because another one contradicts it
 */
export function resolveRules(rules: SeccompRules, arch: Arch): ReadonlyMap<string, Decision> {
  const byName = new Map<string, Branch[]>();
  for (const rule of rules.rules) {
    if (!rule.arches.includes(arch)) continue;
    for (const name of rule.names) {
      const branches = byName.get(name);
      if (branches === undefined) byName.set(name, [rule]);
      else branches.push(rule);
    }
  }
  return new Map([...byName].map(([name, branches]) => [name, decide(name, branches, rules.defaultAnswer)]));
}

/** Rejects contradictions at the call that makes them, on whichever architecture they show. */
export function checkRules(rules: SeccompRules): void {
  for (const arch of arches) resolveRules(rules, arch);
}

function decide(name: string, branches: readonly Branch[], defaultAnswer: Answer): Decision {
  const ranked = [...branches].sort((a, b) => severity(a.answer) - severity(b.answer));
  const kept: Branch[] = [];
  const seen = new Map<string, Answer>();
  let otherwise = defaultAnswer;
  for (const { conditions: stated, answer } of ranked) {
    const conditions = sortConditions(stated);
    const key = conditionsKey(conditions);
    // What an earlier (at least as restrictive) branch decides for the same or for all arguments, this one cannot.
    const earlier = seen.get(key) ?? seen.get('');
    if (earlier !== undefined) {
      if (earlier !== answer) throw contradiction(name, earlier, answer);
      continue;
    }
    seen.set(key, answer);
    if (key === '') otherwise = answer;
    else kept.push({ conditions, answer });
  }
  // Conditions that change nothing must not cost a look at the arguments: the kernel caches argument-free allows.
  while (kept.at(-1)?.answer === otherwise) kept.pop();
  return { branches: sortBranches(kept), otherwise };
}

/** Branches with the same answer may be tried in any order; this one puts equal beginnings together. */
function sortBranches(branches: readonly Branch[]): readonly Branch[] {
  const rank = new Map<Branch, number>();
  for (const [at, branch] of branches.entries()) {
    const before = branches[at - 1];
    rank.set(branch, before?.answer === branch.answer ? (rank.get(before) ?? 0) : at);
  }
  const compare = (a: Branch, b: Branch): number => {
    for (const [at, condition] of a.conditions.entries()) {
      const other = b.conditions[at];
      const order = other === undefined ? 1 : compareConditions(condition, other);
      if (order !== 0) return order;
    }
    return a.conditions.length - b.conditions.length;
  };
  return [...branches].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0) || compare(a, b));
}

function sortConditions(conditions: readonly Condition[]): readonly Condition[] {
  return [...conditions].sort(compareConditions);
}

function compareConditions(a: Condition, b: Condition): number {
  if (a.index !== b.index) return a.index - b.index;
  if (a.mask !== b.mask) return a.mask < b.mask ? -1 : 1;
  if (a.op !== b.op) return a.op < b.op ? -1 : 1;
  return a.value === b.value ? 0 : a.value < b.value ? -1 : 1;
}

/** Equal for equal conditions in whatever order. */
export function conditionsKey(conditions: readonly Condition[]): string {
  return sortConditions(conditions).map(conditionKey).join(';');
}

export function conditionKey({ index, op, value, mask }: Condition): string {
  return `${index}&${mask.toString(16)}${op}${value.toString(16)}`;
}

function contradiction(name: string, wins: Answer, loses: Answer): Error {
  return invalidPolicy(
    `Contradictory rules for \`${name}\`: '${describe(loses)}' could never apply, '${describe(wins)}' decides first`,
    'The most restrictive rule wins. Remove one of the two, or give the stricter one conditions.',
  );
}

function describe(answer: Answer): string {
  const { action, data } = fromAnswer(answer);
  return action === 'errno' ? `errno ${data}` : action;
}

/** Rules without repetitions, for merging policies. */
export function mergeRules(
  first: readonly CheckedRule[],
  second: readonly CheckedRule[],
): readonly CheckedRule[] {
  const merged = new Map<string, CheckedRule>();
  for (const rule of [...first, ...second]) {
    const key = `${[...rule.names].sort().join()}|${rule.answer}|${conditionsKey(rule.conditions)}|${rule.arches.join()}`;
    if (!merged.has(key)) merged.set(key, rule);
  }
  return [...merged.values()];
}
