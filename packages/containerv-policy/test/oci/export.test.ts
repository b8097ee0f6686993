import { describe, expect, test } from 'vitest';
import { arches, auditArch } from '../../src/arch.js';
import { createPolicy, Policy, type SyscallRule } from '../../src/index.js';
import { areDisjoint, toMaskedValues } from '../../src/oci/argument-set.js';
import { loadFilter } from '../../src/seccomp/interpreter.js';
import { syscallEntries } from '../../src/syscalls/table.js';
import { expectInvalid } from '../support/invalid.js';
import { fc } from '../support/property.js';
import { condition, value } from '../support/rules.js';
import { profile } from './fixture.js';

/** Equal decisions for every number, and for arguments near those that the policies compare with. */
function expectSameDecisions(first: Policy, second: Policy): void {
  const interesting = [
    0n,
    1n,
    2n,
    5n,
    6n,
    9n,
    10n,
    16n,
    17n,
    40n,
    0x5412n,
    0x541cn,
    0x5423n,
    0x10900n,
    0x7e020000n,
    0xffffffffn,
  ];
  const near = interesting.flatMap((base) => [base, base + 1n, base | (1n << 32n)]);
  for (const arch of arches) {
    const [a, b] = [first, second].map((policy) => loadFilter(policy.compileSeccomp({ arch, log: false })));
    for (const [name, number] of [...syscallEntries(arch), ['unknown', 999] as const]) {
      for (let at = 0; at < near.length; at++) {
        const args = [
          near[at] ?? 0n,
          near[(at * 7) % near.length] ?? 0n,
          near[(at * 11) % near.length] ?? 0n,
        ];
        for (const own of [args, [args[0] ?? 0n, 1n, 0n], [0n, args[1] ?? 0n, 0n]]) {
          const data = { number, auditArch: auditArch[arch], args: own };
          if (a?.(data).answer !== b?.(data).answer) expect.fail(`${arch} ${name}(${own.join()})`);
        }
      }
    }
  }
}

describe('exporting a profile', () => {
  test.for(['minimal', 'build', 'network', 'custom'] as const)(
    '%s decides the same after export and import',
    (name) => {
      const policy = createPolicy(name);
      const exported = policy.toOciSeccomp();
      expectSameDecisions(policy, Policy.fromOciSeccomp(JSON.stringify(exported)));
      // One comparison for each argument, and a mask only with equality: all that libseccomp takes.
      for (const { args } of exported.syscalls ?? [])
        expect(new Set(args?.map(({ index }) => index)).size).toBe(args?.length ?? 0);
    },
  );

  test('a published form comes back as it was', () => {
    for (const capabilities of [[], ['CAP_SYS_ADMIN', 'CAP_SYS_CHROOT']] as const) {
      const policy = Policy.fromOciSeccomp(profile, { capabilities });
      const again = Policy.fromOciSeccomp(policy.toOciSeccomp(), { capabilities });
      for (const arch of arches)
        expect(again.compileSeccomp({ arch })).toEqual(policy.compileSeccomp({ arch }));
      expect(again.toOciSeccomp()).toEqual(policy.toOciSeccomp());
    }
  });

  test('for one architecture has no conditions on architectures', () => {
    const policy = createPolicy('custom').addSyscalls([{ names: ['read'], arches: ['x64'] }]);
    const one = policy.toOciSeccomp({ arch: 'x64' });
    expect(one.architectures).toEqual(['SCMP_ARCH_X86_64']);
    expect(one.syscalls?.every(({ includes }) => includes === undefined)).toBe(true);
    expect(one.syscalls?.some(({ names }) => names.includes('read'))).toBe(true);
    expect(policy.toOciSeccomp({ arch: 'arm64' }).syscalls?.some(({ names }) => names.includes('read'))).toBe(
      false,
    );
    const both = policy.toOciSeccomp();
    expect(both.syscalls?.find(({ names }) => names.includes('read'))?.includes).toEqual({
      arches: ['amd64'],
    });
    expectSameDecisions(policy, Policy.fromOciSeccomp(both));
  });

  test('the level is part of it', () => {
    const strict = createPolicy('minimal').setSecurityLevel('strict');
    expectSameDecisions(strict, Policy.fromOciSeccomp(strict.toOciSeccomp()));
  });

  test.for<[string, SyscallRule[], RegExp]>([
    [
      'an exception from allow',
      [{ names: ['read'], action: 'kill', args: [{ index: 0, op: '==', value: 9 }] }],
      /exceptions from an answer/,
    ],
    [
      'overlapping answers',
      [
        { names: ['bpf'], args: [{ index: 0, op: '<', value: 9 }] },
        { names: ['bpf'], action: 'errno', errno: 22, args: [{ index: 1, op: '==', value: 1 }] },
      ],
      /different answers overlap/,
    ],
    ['large values', [{ names: ['bpf'], args: [{ index: 0, op: '==', value: 2n ** 60n }] }], /above 2\^53/],
    [
      'an ordering under a mask with gaps',
      [{ names: ['bpf'], args: [{ index: 0, op: '<', value: 4, mask: 0b101 }] }],
      /an ordering under a mask/,
    ],
  ])('refuses what the format cannot say: %s', ([, rules, message]) => {
    expectInvalid(() => createPolicy('minimal').addSyscalls(rules).toOciSeccomp(), message);
  });

  test('refuses an unknown option', () => {
    expectInvalid(() => createPolicy('custom').toOciSeccomp({ arch: 'x86' as 'x64' }), /`options.arch`/);
  });
});

describe('sets of arguments', () => {
  const ordered = condition.map((own) => ({ ...own, index: 0, mask: 2n ** 64n - 1n, value: own.value }));

  test('a union of masked values holds what the conditions hold', () => {
    fc.assert(
      fc.property(
        fc.array(ordered, { minLength: 1, maxLength: 3 }),
        value,
        fc.integer({ min: -1, max: 1 }),
        (conditions, base, delta) => {
          const near = BigInt.asUintN(64, (conditions[0]?.value ?? base) + BigInt(delta));
          const sets = toMaskedValues(conditions) ?? [];
          for (const tried of [base, near]) {
            const holds = conditions.every(({ op, value: other }) => {
              if (op === '==') return tried === other;
              if (op === '!=') return tried !== other;
              if (op === '<') return tried < other;
              if (op === '<=') return tried <= other;
              return op === '>' ? tried > other : tried >= other;
            });
            expect(sets.some((set) => (tried & set.mask) === set.value)).toBe(holds);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('has no more blocks than it takes', () => {
    const blocks = (op: '<' | '<=' | '!=', compared: bigint, mask: bigint): number | undefined =>
      toMaskedValues([{ index: 0, op, value: compared, mask }])?.length;
    expect(blocks('<', 0x1000n, 0xffffffffn)).toBe(1);
    expect(blocks('<=', 0xffffffffn, 0xffffffffn)).toBe(1);
    expect(blocks('!=', 0x5412n, 0xffffffffn)).toBe(32);
    expect(blocks('<', 0n, 0xffn)).toBe(0);
  });

  test('disjoint ones share no value', () => {
    expect(areDisjoint({ mask: 0xfn, value: 1n }, { mask: 0x3n, value: 2n })).toBe(true);
    expect(areDisjoint({ mask: 0xfn, value: 1n }, { mask: 0xf0n, value: 0x20n })).toBe(false);
  });
});
