import { fc } from './property.js';
import type { Comparison } from '../../src/index.js';
import { DENY, ABSENT, ALLOW, KILL, LOG, severity } from '../../src/seccomp/answer.js';
import type { CheckedRule, Condition, SeccompRules } from '../../src/seccomp/rule.js';
import { arches } from '../../src/arch.js';

const allBits = 2n ** 64n - 1n;
export const names = ['read', 'write', 'ioctl', 'clone', 'socket', 'prctl', 'mseal', 'personality'] as const;

/** Values at which 64-bit comparisons made of 32-bit halves go wrong, if they do. */
const corners = [
  0n,
  1n,
  2n,
  0x7fffffffn,
  0x80000000n,
  0xfffffffen,
  0xffffffffn,
  1n << 32n,
  (1n << 32n) + 1n,
].concat([1n << 63n, (1n << 63n) - 1n, 0xffffffff00000000n, 0xfffffffeffffffffn, allBits - 1n, allBits]);

export const value: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(...corners),
  fc.bigInt({ min: 0n, max: allBits }),
);

const mask = fc.oneof(
  { weight: 3, arbitrary: fc.constant(allBits) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0xffffffffn, 0xfn, 0x7e020000n, 1n, 1n << 40n, 0xffffffff00000000n),
  },
  { weight: 2, arbitrary: fc.bigInt({ min: 1n, max: allBits }) },
);

const comparison = fc.constantFrom<Comparison>('==', '!=', '<', '<=', '>', '>=');

export const condition: fc.Arbitrary<Condition> = fc
  .tuple(fc.nat(5), comparison, value, mask)
  .map(([index, op, compared, bits]) => ({ index, op, value: compared & bits, mask: bits }));

/** Rules in which several conditions, masks and answers meet for few syscalls. */
export const rules: fc.Arbitrary<SeccompRules> = fc.record({
  defaultAnswer: fc.constantFrom(DENY, KILL, ALLOW, LOG),
  unknownAnswer: fc.constantFrom(ABSENT, KILL, ALLOW),
  rules: fc.array(
    fc.record<CheckedRule>({
      names: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
      answer: fc.constantFrom(ALLOW, ALLOW, LOG, DENY, ABSENT, KILL),
      conditions: fc.array(condition, { maxLength: 3 }),
      arches: fc.constantFrom(arches, arches, arches.slice(0, 1), arches.slice(1)),
    }),
    { maxLength: 12 },
  ),
});

/** Arguments near the values that the rules compare with. */
export function argsNear({ rules: all }: SeccompRules): fc.Arbitrary<readonly bigint[]> {
  const compared = all.flatMap(({ conditions }) =>
    conditions.flatMap((own) => [own.value, own.mask, ~own.mask]),
  );
  const near = compared.length === 0 ? value : fc.constantFrom(...compared);
  const delta = fc.constantFrom(-(1n << 32n), -1n, 0n, 0n, 1n, 1n << 32n);
  const argument = fc.oneof(
    fc.tuple(near, delta).map(([base, offset]) => BigInt.asUintN(64, base + offset)),
    fc.tuple(near, value).map(([base, other]) => BigInt.asUintN(64, base ^ other)),
    value,
  );
  return fc.array(argument, { minLength: 6, maxLength: 6 });
}

/** The meaning of rules, stated as plainly as possible: of those that match the strictest wins, then the first. */
export function meaning(
  all: SeccompRules,
  arch: 'x64' | 'arm64',
  name: string,
  args: readonly bigint[],
): number {
  const matching = all.rules.filter(
    (rule) =>
      rule.arches.includes(arch) &&
      rule.names.includes(name) &&
      rule.conditions.every((own) => compare((args[own.index] ?? 0n) & own.mask, own.op, own.value)),
  );
  const strictest = Math.min(...matching.map(({ answer }) => severity(answer)));
  return matching.find(({ answer }) => severity(answer) === strictest)?.answer ?? all.defaultAnswer;
}

function compare(left: bigint, op: Comparison, right: bigint): boolean {
  switch (op) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}
