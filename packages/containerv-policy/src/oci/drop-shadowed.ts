import { type Arch, arches } from '../arch.js';
import { severity } from '../seccomp/answer.js';
import { conditionsKey } from '../seccomp/resolve.js';
import type { CheckedRule } from '../seccomp/rule.js';

/**
 * Published profiles state some syscalls twice: allowed in the general list, denied in the list for containers without
 * a capability. What the stricter rule shadows is dropped, so that the rest is free of contradictions.
 */
export function dropShadowed(rules: readonly CheckedRule[]): readonly CheckedRule[] {
  const kept = new Map(arches.map((arch) => [arch, effectiveNames(rules, arch)]));
  return rules.flatMap((rule) => {
    const bound = rule.arches.map((arch) => ({
      ...rule,
      arches: [arch],
      names: rule.names.filter((name) => kept.get(arch)?.get(rule)?.has(name)),
    }));
    const [first] = bound;
    const alike = first !== undefined && bound.every(({ names }) => names.join() === first.names.join());
    const split = alike ? [{ ...first, arches: rule.arches }] : bound;
    return split.filter(({ names }) => names.length > 0);
  });
}

/** For each rule the names that it decides anything about. */
function effectiveNames(rules: readonly CheckedRule[], arch: Arch): Map<CheckedRule, Set<string>> {
  const ranked = rules
    .filter((rule) => rule.arches.includes(arch))
    .sort((a, b) => severity(a.answer) - severity(b.answer));
  const decided = new Map<string, Set<string>>();
  const effective = new Map<CheckedRule, Set<string>>();
  for (const rule of ranked) {
    const key = conditionsKey(rule.conditions);
    const names = rule.names.filter((name) => !decided.get(name)?.has(key) && !decided.get(name)?.has(''));
    effective.set(rule, new Set(names));
    for (const name of names) decided.set(name, (decided.get(name) ?? new Set()).add(key));
  }
  return effective;
}
