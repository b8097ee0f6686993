import { arches } from '../arch.js';
import { ALLOW } from '../seccomp/answer.js';
import type { CheckedRule, Condition } from '../seccomp/rule.js';
import { describeAnswer } from './describe-answer.js';
import { wrap } from './wrap.js';

const allBits = 2n ** 64n - 1n;
const int32 = 0xffffffffn;

/** Rules in their order; alternatives that share reason, syscalls and outcome are shown together. */
export function explainRules(rules: readonly CheckedRule[]): readonly string[] {
  const groups = new Map<string, CheckedRule[]>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.reason, rule.names, rule.answer, rule.arches]);
    groups.set(key, [...(groups.get(key) ?? []), rule]);
  }
  return [...groups.values()].flatMap(explainGroup);
}

function explainGroup(alternatives: readonly CheckedRule[]): readonly string[] {
  const [first] = alternatives;
  if (first === undefined) return [];
  const { reason, names, answer, arches: bound } = first;
  const outcome = answer === ALLOW ? '' : `${describeAnswer(answer)}: `;
  const where = bound.length === arches.length ? '' : ` (${bound.join(', ') || 'nowhere'})`;
  return [
    `${outcome}${reason ?? 'no reason given'}${where}`,
    ...wrap(names, 94).map((line) => `  ${line}`),
    ...explainConditions(alternatives.map(({ conditions }) => conditions)).map((line) => `  ${line}`),
  ];
}

function explainConditions(alternatives: readonly (readonly Condition[])[]): readonly string[] {
  if (alternatives.some((conditions) => conditions.length === 0)) return [];
  const values = valuesOfOneArgument(alternatives);
  if (values !== undefined) return wrap(`when ${values}`.split(' '), 94);
  const texts = alternatives.map((conditions) => conditions.map(describeCondition).join(' and '));
  return texts.map((text, at) => `${at === 0 ? 'when' : '  or'} ${text}`);
}

/** `argument 0 is 1, 2 or 15`, where that is all there is to it. */
function valuesOfOneArgument(alternatives: readonly (readonly Condition[])[]): string | undefined {
  const single = alternatives.flatMap((conditions) => (conditions.length === 1 ? conditions : []));
  const [first] = single;
  if (first === undefined || single.length !== alternatives.length || single.length < 2) return undefined;
  const alike = single.every(
    ({ index, op, mask }) => op === '==' && index === first.index && mask === first.mask,
  );
  if (!alike) return undefined;
  return `${argument(first)} is ${single.map(({ value }) => number(value)).join(', ')}`;
}

function describeCondition(condition: Condition): string {
  return `${argument(condition)} ${condition.op} ${number(condition.value)}`;
}

function argument({ index, mask }: Condition): string {
  if (mask === allBits) return `argument ${index}`;
  if (mask === int32) return `argument ${index} (32 bits)`;
  return `(argument ${index} & ${number(mask)})`;
}

function number(value: bigint): string {
  return value < 10n ? String(value) : `0x${value.toString(16)}`;
}
