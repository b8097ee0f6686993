import { describe, expect, test } from 'vitest';
import { arches, auditArch } from '../../src/arch.js';
import { ABSENT, ALLOW, DENY, KILL, LOG } from '../../src/seccomp/answer.js';
import { decode, LD_W_ABS, maxInstructions, offsetOfArg, offsetOfNumber } from '../../src/seccomp/bpf.js';
import { compileRules } from '../../src/seccomp/compile.js';
import { loadFilter, runFilter } from '../../src/seccomp/interpreter.js';
import type { CheckedRule, SeccompRules } from '../../src/seccomp/rule.js';
import { syscallEntries, syscallNumber } from '../../src/syscalls/table.js';
import { fc } from '../support/property.js';
import { argsNear, meaning, names, rules } from '../support/rules.js';

/** Rules that contradict each other do not compile; here only the others are of interest. */
function compileOrSkip(all: SeccompRules, arch: 'x64' | 'arm64'): Uint8Array {
  try {
    return compileRules(all, { arch, log: false });
  } catch {
    return fc.pre(false) as never;
  }
}

describe('the compiled program decides as the rules say', () => {
  test.for(arches)('on %s, for random rules and arguments near their values', (arch) => {
    fc.assert(
      fc.property(
        rules.chain((all) => fc.tuple(fc.constant(all), fc.constantFrom(...names), argsNear(all))),
        ([all, name, args]) => {
          const program = compileOrSkip(all, arch);
          const number = syscallNumber(name, arch) ?? -1;
          const { answer } = runFilter(program, { number, auditArch: auditArch[arch], args });
          expect(answer).toBe(meaning(all, arch, name, args));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test.for(arches)('on %s, for every number and sets of names without conditions', (arch) => {
    const entries = syscallEntries(arch);
    const known = new Map(entries.map(([name, number]) => [number, name]));
    fc.assert(
      fc.property(fc.subarray(entries.map(([name]) => name)), (allowed) => {
        const own: CheckedRule = { names: allowed, answer: ALLOW, conditions: [], arches };
        const all = { defaultAnswer: DENY, unknownAnswer: ABSENT, rules: [own] };
        const decide = loadFilter(compileRules(all, { arch, log: false }));
        const set = new Set(allowed);
        for (let number = 0; number < 600; number++) {
          const name = known.get(number);
          const expected = name === undefined ? ABSENT : set.has(name) ? ALLOW : DENY;
          expect(decide({ number, auditArch: auditArch[arch], args: [] }).answer).toBe(expected);
        }
      }),
      { numRuns: 60 },
    );
  });
});

const custom = (own: Partial<CheckedRule>): SeccompRules => ({
  defaultAnswer: DENY,
  unknownAnswer: ABSENT,
  rules: [{ names: ['read'], answer: ALLOW, conditions: [], arches, ...own }],
});
const x64 = (program: Uint8Array, number: number, args: readonly bigint[] = []): number =>
  runFilter(program, { number, auditArch: auditArch.x64, args }).answer;

describe('what is decided without arguments reads none', () => {
  test('also where a condition is added to an unconditional rule', () => {
    const all = custom({});
    const condition = { index: 0, op: '==', value: 5n, mask: 2n ** 64n - 1n } as const;
    const redundantFirst = { ...all, rules: [{ ...all.rules[0]!, conditions: [condition] }, ...all.rules] };
    const redundant = { ...all, rules: [...all.rules, { ...all.rules[0]!, conditions: [condition] }] };
    expect(compileRules(redundant, { arch: 'x64', log: false })).toEqual(
      compileRules(all, { arch: 'x64', log: false }),
    );
    expect(compileRules(redundantFirst, { arch: 'x64', log: false })).toEqual(
      compileRules(all, { arch: 'x64', log: false }),
    );
    const loads = decode(compileRules(all, { arch: 'x64', log: false })).filter(
      ({ code }) => code === LD_W_ABS,
    );
    expect(loads.map(({ k }) => k)).toEqual([4, offsetOfNumber]);
  });

  test('one argument compared with many values is loaded once for each half', () => {
    const names64 = ['ioctl'];
    const values = Array.from({ length: 20 }, (_, at) => BigInt(at * 3));
    const all = {
      ...custom({}),
      rules: values.map((value) => ({
        names: names64,
        answer: ALLOW,
        conditions: [{ index: 1, op: '==', value, mask: 0xffffffffn } as const],
        arches,
      })),
    };
    const program = compileRules(all, { arch: 'x64', log: false });
    const loads = decode(program).filter(({ code, k }) => code === LD_W_ABS && k >= offsetOfArg(0, 'low'));
    expect(loads.map(({ k }) => k)).toEqual([offsetOfArg(1, 'low')]);
    for (let value = 0n; value < 64n; value++)
      expect(x64(program, syscallNumber('ioctl', 'x64')!, [0n, value])).toBe(
        values.includes(value) ? ALLOW : DENY,
      );
  });
});

describe('foreign ABIs and unknown numbers', () => {
  const program = compileRules(custom({}), { arch: 'x64', log: false });

  test.for([
    ['i386', 0x40000003],
    ['arm', 0x40000028],
    ['arm64', auditArch.arm64],
    ['nothing', 0],
  ] as const)('a call of %s ends the process', ([, audit]) => {
    expect(runFilter(program, { number: 0, auditArch: audit, args: [] }).answer).toBe(KILL);
  });

  test('x32 calls end the process, syscall(-1) is just unknown', () => {
    expect(x64(program, 0x40000000)).toBe(KILL);
    expect(x64(program, 0x40000000 + 1)).toBe(KILL);
    expect(x64(program, 0xfffffffe)).toBe(KILL);
    expect(x64(program, -1)).toBe(ABSENT);
  });

  test('numbers between and after those of the table are unknown', () => {
    expect(x64(program, 400)).toBe(ABSENT);
    expect(x64(program, 473)).toBe(ABSENT);
    expect(x64(program, 0x3fffffff)).toBe(ABSENT);
  });

  test('even a profile that allows by default has no x32', () => {
    const open = compileRules(
      { ...custom({}), defaultAnswer: ALLOW, unknownAnswer: ALLOW },
      { arch: 'x64', log: false },
    );
    expect(x64(open, 473)).toBe(ALLOW);
    expect(x64(open, 0x40000001)).toBe(KILL);
    expect(x64(open, 0xffffffff)).toBe(ABSENT);
  });
});

describe('log-and-allow', () => {
  const program = compileRules(
    {
      ...custom({}),
      rules: [...custom({}).rules, { names: ['clone3'], answer: ABSENT, conditions: [], arches }],
    },
    { arch: 'x64', log: true },
  );

  test('denials are logged and allowed; what says "not on this kernel" and foreign ABIs stay', () => {
    expect(x64(program, syscallNumber('read', 'x64')!)).toBe(ALLOW);
    expect(x64(program, syscallNumber('mount', 'x64')!)).toBe(LOG);
    expect(x64(program, syscallNumber('clone3', 'x64')!)).toBe(ABSENT);
    expect(x64(program, 999)).toBe(ABSENT);
    expect(x64(program, 0x40000000)).toBe(KILL);
  });

  test('killing rules are logged too', () => {
    const deadly = compileRules(custom({ answer: KILL }), { arch: 'x64', log: true });
    expect(x64(deadly, syscallNumber('read', 'x64')!)).toBe(LOG);
  });
});

const many = (count: number): SeccompRules => ({
  ...custom({}),
  rules: Array.from({ length: count }, (_, at) => ({
    names: ['ioctl'],
    answer: ALLOW,
    conditions: [{ index: 1, op: '==', value: BigInt(at) * 0x100000001n, mask: 2n ** 64n - 1n } as const],
    arches,
  })),
});

describe('size', () => {
  test('jumps reach over any distance: the last of 900 values is found, and nothing beside them', () => {
    const program = compileRules(many(900), { arch: 'x64', log: false });
    expect(program.length / 8).toBeGreaterThan(3000);
    const ioctl = syscallNumber('ioctl', 'x64')!;
    for (const at of [0n, 1n, 450n, 898n, 899n])
      expect([at, x64(program, ioctl, [0n, at * 0x100000001n])]).toEqual([at, ALLOW]);
    for (const value of [900n * 0x100000001n, 1n, 1n << 32n])
      expect(x64(program, ioctl, [0n, value])).toBe(DENY);
    expect(x64(program, syscallNumber('mount', 'x64')!)).toBe(DENY);
  });

  test(`more than ${maxInstructions} instructions are refused by name and number`, () => {
    expect(() => compileRules(many(2000), { arch: 'x64', log: false })).toThrow(
      expect.objectContaining({
        code: 'ERR_CONTAINERV_INVALID_POLICY',
        message: expect.stringMatching(
          /compiles to \d+ instructions; the kernel takes at most 4096/,
        ) as string,
      }),
    );
  });
});
