import { describe, expect, test } from 'vitest';
import { arches, auditArch, type Arch } from '../../src/arch.js';
import { basePolicyNames } from '../../src/base/base-policies.js';
import { createPolicy, type OciSyscall, type Policy } from '../../src/index.js';
import { readAction } from '../../src/oci/actions.js';
import { ABSENT, DENY, KILL } from '../../src/seccomp/answer.js';
import { loadFilter, type SeccompData } from '../../src/seccomp/interpreter.js';
import { syscallEntries } from '../../src/syscalls/table.js';
import { whySkipped } from '../support/compile-c.js';
import { buildWithLibseccomp, libseccompHarness, type LibseccompRule } from './libseccomp.js';

const harness = libseccompHarness();
const cases = arches.flatMap((arch) => basePolicyNames.map((name) => ({ arch, name })));

/** `policy.toOciSeccomp()` as an OCI runtime would hand it to libseccomp. */
function rulesOf(policy: Policy, arch: Arch): readonly LibseccompRule[] {
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
function boundaryArgs(rules: readonly LibseccompRule[], name: string): readonly (readonly bigint[])[] {
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

describe.skipIf('unavailable' in harness)(`base policies agree with libseccomp${whySkipped(harness)}`, () => {
  test.for(cases)('$name on $arch, over every number and boundary arguments', ({ arch, name }) => {
    const policy = createPolicy(name);
    const rules = rulesOf(policy, arch);
    const ours = loadFilter(policy.compileSeccomp({ arch, log: false }));
    for (const tree of [false, true]) {
      const { program, unknown } = buildWithLibseccomp(harness, arch, { tree, defaultAnswer: DENY, rules });
      const theirs = loadFilter(program);
      const names = new Map(syscallEntries(arch).map(([syscall, number]) => [number, syscall]));
      const largest = Math.max(...names.keys());
      let compared = 0;
      for (let number = 0; number <= largest + 64; number++) {
        const syscall = names.get(number);
        for (const args of syscall === undefined ? [[]] : boundaryArgs(rules, syscall)) {
          const data: SeccompData = { number, auditArch: auditArch[arch], args };
          const [own, other] = [ours(data).answer, theirs(data).answer];
          // libseccomp has one answer for what is not allowed; ours tells unknown numbers apart.
          if (syscall === undefined)
            expect({ number, own, other }).toEqual({ number, own: ABSENT, other: DENY });
          else if (!unknown.includes(syscall)) {
            if (own !== other)
              expect.fail(`${syscall}(${args.join()}): ${own.toString(16)}, not ${other.toString(16)}`);
            compared++;
          }
        }
      }
      // The library of the day may not know the newest names; if it knew hardly any, this test would prove nothing.
      expect(compared).toBeGreaterThan(300);
      expect(unknown.length).toBeLessThan(40);
      for (const number of [0x40000000, 0x40000001, 0x400001ff, 0x7fffffff, 0x80000000, 0xfffffffe]) {
        const data = { number, auditArch: auditArch[arch], args: [] };
        expect([number, ours(data).answer, theirs(data).answer]).toEqual(
          arch === 'x64' ? [number, KILL, KILL] : [number, ABSENT, DENY],
        );
      }
    }
  });

  test.for(cases)('$name on $arch kills foreign architectures as libseccomp does', ({ arch, name }) => {
    const policy = createPolicy(name);
    const ours = loadFilter(policy.compileSeccomp({ arch, log: false }));
    const { program } = buildWithLibseccomp(harness, arch, {
      tree: true,
      defaultAnswer: DENY,
      rules: rulesOf(policy, arch),
    });
    const theirs = loadFilter(program);
    const foreign = [
      0x40000003,
      0x40000028,
      0x00000000,
      0xffffffff,
      ...arches.map((other) => auditArch[other]),
    ];
    for (const audit of foreign.filter((candidate) => candidate !== auditArch[arch])) {
      for (let number = 0; number < 600; number++) {
        const data = { number, auditArch: audit, args: [] };
        expect([ours(data).answer, theirs(data).answer]).toEqual([KILL, KILL]);
      }
    }
  });
});
