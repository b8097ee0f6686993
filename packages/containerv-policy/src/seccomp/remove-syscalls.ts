import { custom } from '../base/custom.js';
import { invalidPolicy } from '../validate/invalid-policy.js';
import type { CheckedRule } from './rule.js';

/** The rules without `names`. */
export function withoutSyscalls(
  rules: readonly CheckedRule[],
  names: readonly string[],
): readonly CheckedRule[] {
  for (const name of names) {
    if (custom.rules.some((rule) => rule.names.includes(name)))
      throw invalidPolicy(`\`${name}\` cannot be removed: no process could start or end without it`);
    if (!rules.some((rule) => rule.names.includes(name)))
      throw invalidPolicy(`\`${name}\` cannot be removed: no rule of this policy names it`);
  }
  return rules
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => !names.includes(name)) }))
    .filter((rule) => rule.names.length > 0);
}
