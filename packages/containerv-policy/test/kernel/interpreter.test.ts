import { describe, expect, test } from 'vitest';
import { auditArch } from '../../src/arch.js';
import { type Answer, fromAnswer } from '../../src/seccomp/answer.js';
import { encode, type Instruction, RET_K } from '../../src/seccomp/bpf.js';
import { compileRules } from '../../src/seccomp/compile.js';
import { decodeFilter, runFilter } from '../../src/seccomp/interpreter.js';
import type { SeccompRules } from '../../src/seccomp/rule.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import { whySkipped } from '../support/compile-c.js';
import { fc } from '../support/property.js';
import { argsNear, rules, value } from '../support/rules.js';
import { type KernelOutcome, makeProbe } from './probe.js';

const probe = makeProbe();

/** Reserved numbers that Linux never gave a function: whatever the arguments, an allowed call just fails. */
const idle = [
  'afs_syscall',
  'tuxcall',
  'security',
  'vserver',
  'getpmsg',
  'putpmsg',
  'epoll_ctl_old',
  'nfsservctl',
];

const SIGSYS = 31;
const ENOSYS = 38;

/** What a caller sees of an answer for a syscall that does nothing. */
function visible(answer: Answer): KernelOutcome {
  const { action, data } = fromAnswer(answer);
  if (action === 'errno') return `errno ${data}`;
  if (action === 'allow' || action === 'log' || action === 'trace') return `errno ${ENOSYS}`;
  return `signal ${SIGSYS}`;
}

/** The same rules about syscalls that do nothing, and everything else allowed, so that the probe lives. */
function harmless(all: SeccompRules, names: readonly string[]): SeccompRules {
  return {
    defaultAnswer: 0x7fff0000,
    unknownAnswer: all.unknownAnswer,
    rules: all.rules.map((rule) => ({
      ...rule,
      names: rule.names.map((name) => idle[names.indexOf(name) % idle.length] ?? 'vserver'),
    })),
  };
}

describe.skipIf('unavailable' in probe.program)(`the kernel agrees${whySkipped(probe.program)}`, () => {
  test('with compiler and interpreter, for random rules', { timeout: 120_000 }, () => {
    const samples = rules.chain((all) =>
      fc.tuple(fc.constant(all), fc.array(argsNear(all), { minLength: 8, maxLength: 8 })),
    );
    let compared = 0;
    fc.assert(
      fc.property(samples, ([random, calls]) => {
        const all = harmless(random, [...new Set(random.rules.flatMap(({ names }) => names))]);
        const program = compileOrSkip(all);
        const numbers = [...new Set(all.rules.flatMap(({ names }) => names))].map(
          (name) => syscallNumber(name, 'x64') ?? -1,
        );
        const asked = numbers.flatMap((number) => calls.map((args) => ({ number, args })));
        const said = probe.run(program, asked);
        const interpreted = asked.map(({ number, args }) =>
          visible(runFilter(program, { number, auditArch: auditArch.x64, args }).answer),
        );
        expect(said).toEqual(interpreted);
        compared += asked.length;
      }),
      { numRuns: 60 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  test('with the interpreter, for random programs of every instruction', { timeout: 120_000 }, () => {
    const call = { number: syscallNumber('vserver', 'x64') ?? -1 };
    fc.assert(
      fc.property(randomProgram, fc.array(value, { minLength: 6, maxLength: 6 }), (program, args) => {
        const { answer } = runFilter(program, { ...call, auditArch: auditArch.x64, args });
        expect(probe.run(program, [{ ...call, args }])).toEqual([visible(answer)]);
      }),
      { numRuns: 150 },
    );
  });

  test('about which programs can be loaded', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.array(anyInstruction, { maxLength: 4 }), (instructions) => {
        const program = encode([...instructions, { code: RET_K, jt: 0, jf: 0, k: 0x7fff0000 }]);
        const [outcome] = probe.run(program, [{ number: syscallNumber('getpid', 'x64') ?? -1 }]);
        expect(outcome === 'refused 22').toBe(!loads(program));
      }),
      { numRuns: 250 },
    );
  });
});

function compileOrSkip(all: SeccompRules): Uint8Array {
  try {
    return compileRules(all, { arch: 'x64', log: false });
  } catch {
    return fc.pre(false) as never;
  }
}

function loads(program: Uint8Array): boolean {
  try {
    decodeFilter(program);
    return true;
  } catch {
    return false;
  }
}

const k32 = fc.oneof(fc.constantFrom(0, 1, 2, 31, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
const plain = (code: number, k = 0): Instruction => ({ code, jt: 0, jf: 0, k });

/** One of each kind; jumps skip at most two instructions. */
const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  // Not words 2 and 3, the instruction pointer: the probe's address is another one each time.
  fc.constantFrom(0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15).map((word) => plain(0x20, word * 4)),
  fc.constantFrom(plain(0x80), plain(0x81), plain(0x07), plain(0x87), plain(0x84)),
  fc.tuple(fc.constantFrom(0x00, 0x01), k32).map(([code, k]) => plain(code, k)),
  fc.tuple(fc.constantFrom(0x60, 0x61, 0x02, 0x03), fc.nat(15)).map(([code, k]) => plain(code, k)),
  fc.tuple(fc.constantFrom(0x04, 0x14, 0x24, 0x44, 0x54, 0xa4), k32).map(([code, k]) => plain(code, k)),
  k32.filter((k) => k > 0).map((k) => plain(0x34, k)),
  fc.tuple(fc.constantFrom(0x64, 0x74), fc.nat(31)).map(([code, k]) => plain(code, k)),
  fc.constantFrom(0x0c, 0x1c, 0x2c, 0x3c, 0x4c, 0x5c, 0x6c, 0x7c, 0xac).map((code) => plain(code)),
  fc
    .tuple(fc.constantFrom(0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d), k32, fc.nat(2), fc.nat(2))
    .map(([code, k, jt, jf]) => ({ code, jt, jf, k })),
  fc.nat(2).map((k) => plain(0x05, k)),
);

/** Every call but `vserver` is allowed; for that one the errno is the low byte of what was computed. */
const randomProgram = fc.array(instruction, { minLength: 1, maxLength: 40 }).map((body) =>
  encode([
    plain(0x20, 0),
    { code: 0x15, jt: 1, jf: 0, k: syscallNumber('vserver', 'x64') ?? -1 },
    plain(RET_K, 0x7fff0000),
    ...Array.from({ length: 16 }, (_, word) => plain(0x02, word)),
    ...body,
    // Landing places for jumps of the last instructions.
    plain(0x54, 0xff),
    plain(0x54, 0xff),
    plain(0x54, 0xff),
    plain(0x44, 0x50000),
    plain(0x16),
  ]),
);

/** Mostly wrong in one way or another. Scratch words are left out: the kernel also follows which were written. */
const anyInstruction: fc.Arbitrary<Instruction> = fc
  .record({
    code: fc.oneof(
      fc.nat(255),
      fc.constantFrom(
        0x20,
        0x28,
        0x30,
        0x40,
        0x80,
        0x81,
        0x34,
        0x64,
        0x74,
        0x94,
        0x05,
        0x15,
        0x1d,
        0x0e,
        0x16,
        0x06,
        0x1ff,
      ),
    ),
    jt: fc.oneof(fc.nat(4), fc.nat(255)),
    jf: fc.oneof(fc.nat(4), fc.nat(255)),
    k: fc.oneof(fc.nat(64), fc.nat(4), k32),
  })
  .filter(({ code }) => ![0x60, 0x61, 0x02, 0x03].includes(code));
