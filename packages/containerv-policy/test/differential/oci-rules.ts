import type { Arch } from '../../src/arch.js';
import type { OciSyscall, Policy } from '../../src/index.js';
import { readAction } from '../../src/oci/actions.js';
import type { LibseccompRule } from './libseccomp.js';

/** `policy.toOciSeccomp()` as an OCI runtime would hand it to libseccomp. */
export function rulesOf(policy: Policy, arch: Arch): readonly LibseccompRule[] {
  return (policy.toOciSeccomp({ arch }).syscalls ?? []).flatMap((syscall) =>
    syscall.names.map((name) => ({ name, answer: answerOf(syscall), conditions: conditionsOf(syscall) })),
  );
}

function answerOf({ action, errnoRet }: OciSyscall): number {
  return readAction(action, { ret: errnoRet, name: undefined }, 'rule');
}

function conditionsOf({ args }: OciSyscall): LibseccompRule['conditions'] {
  return (args ?? []).map(({ index, op, value, valueTwo = 0 }) => ({
    index,
    op: op.replace('SCMP_CMP_', '') as LibseccompRule['conditions'][number]['op'],
    a: BigInt(value),
    b: BigInt(valueTwo),
  }));
}

/** Calls that satisfy a rule of the syscall, then the same with one argument at every boundary of any rule. */
export function boundaryArgs(rules: readonly LibseccompRule[], name: string): readonly (readonly bigint[])[] {
  const own = rules.filter((rule) => rule.name === name && rule.conditions.length > 0);
  const satisfying = own.map(({ conditions }) =>
    [0, 1, 2, 3, 4, 5].map((index) => {
      const condition = conditions.find((candidate) => candidate.index === index);
      return condition === undefined ? 0n : condition.op === 'MASKED_EQ' ? condition.b : condition.a;
    }),
  );
  const varied = satisfying.flatMap((args) =>
    args.flatMap((_, index) => boundaries(own, index).map((value) => args.with(index, value))),
  );
  return [[], ...satisfying, ...varied];
}

/** Every value that a condition on the argument names, its neighbours, and upper bits set. */
function boundaries(rules: readonly LibseccompRule[], index: number): readonly bigint[] {
  const values = rules
    .flatMap(({ conditions }) => conditions.filter((condition) => condition.index === index))
    .flatMap(({ a, b }) => [a, b, a | b, a ^ b]);
  const around = [0n, ...values].flatMap((value) => [
    value - 1n,
    value,
    value + 1n,
    value | (1n << 32n),
    ~value,
  ]);
  return [...new Set(around.map((value) => BigInt.asUintN(64, value)))];
}
