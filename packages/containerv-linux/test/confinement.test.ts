import type { SecurityPolicy } from 'containerv-api';
import { createPolicy, syscallNumber } from 'containerv-policy';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { capabilitiesIn, chainFilters, confinementOf, intersect } from '../src/confinement.js';
import {
  ALLOW,
  ANSWER_A,
  answer,
  assemble,
  ERRNO,
  type Instruction,
  jumpIfEqual,
  KILL_PROCESS,
  KILL_THREAD,
  LOAD_NUMBER,
  LOG,
  run,
  TRACE,
  TRAP,
} from './support/bpf.js';
import { fc, property } from './support/property.js';
import { thrownBy } from './support/thrown.js';

const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64';
const AUDIT_ARCH = ARCH === 'arm64' ? 0xc00000b7 : 0xc000003e;

afterEach(() => {
  vi.unstubAllEnvs();
});

function policyOf(parts: Partial<SecurityPolicy>): SecurityPolicy {
  return {
    name: 'test',
    capabilities: [],
    securityLevel: 'default',
    paths: [],
    networkRules: undefined,
    compileSeccomp: () => assemble([answer(ALLOW)]),
    toJSON: () => ({}),
    ...parts,
  };
}

describe('a policy', () => {
  test('becomes a filter and a mask of capabilities', () => {
    const policy = createPolicy('build');
    const { filter, capabilities, filterText } = confinementOf('build');
    expect(Buffer.from(filter)).toEqual(Buffer.from(policy.compileSeccomp({ arch: ARCH })));
    expect(Buffer.from(filterText, 'base64')).toEqual(Buffer.from(filter));
    expect(new Set(capabilitiesIn(capabilities))).toEqual(new Set(policy.capabilities));
  });

  test('is compiled once, and again when refusals are to be logged', () => {
    vi.stubEnv('CONTAINERV_SECCOMP_LOG', '0');
    const enforced = confinementOf('minimal');
    expect(confinementOf('minimal')).toBe(enforced);
    vi.stubEnv('CONTAINERV_SECCOMP_LOG', '1');
    const logging = confinementOf('minimal');
    const ptrace = [syscallNumber('ptrace', ARCH) ?? -1, AUDIT_ARCH];
    expect(run(enforced.filter, ptrace)).toBe(ERRNO + 1);
    expect(run(logging.filter, ptrace)).toBe(LOG);
  });

  test('of nothing would be no confinement, and is refused', () => {
    const error = thrownBy(() => confinementOf(policyOf({ compileSeccomp: () => new Uint8Array() })));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_INVALID_POLICY' });
    expect(error.hint).toContain('no confinement');
  });

  test('without capabilities leaves none', () => {
    expect(confinementOf(policyOf({ capabilities: [] })).capabilities).toBe(0n);
  });

  test('with an unknown capability is refused, not shortened', () => {
    const error = thrownBy(() => confinementOf(policyOf({ capabilities: ['CAP_CHOWN', 'CAP_FLY'] })));
    expect(error).toMatchObject({
      code: 'ERR_CONTAINERV_INVALID_POLICY',
      message: 'Unknown capability `CAP_FLY`',
    });
  });
});

test.for([
  [0n, []],
  [1n, ['CAP_CHOWN']],
  [1n << 21n, ['CAP_SYS_ADMIN']],
  [(1n << 40n) | 2n, ['CAP_DAC_OVERRIDE', 'CAP_CHECKPOINT_RESTORE']],
  [1n << 63n, []],
] as const)('the kernel’s mask %s is %j', ([mask, names]) => {
  expect(capabilitiesIn(mask)).toEqual(names);
});

const ANSWERS = [ALLOW, LOG, TRACE, TRACE + 7, ERRNO, ERRNO + 1, ERRNO + 38, TRAP, KILL_THREAD, KILL_PROCESS];
const CALLS = [0, 1, 2, 3, 4, 5];

/** A program that answers each call of the table its own way, and all others with `otherwise`. */
function programOf(table: ReadonlyMap<number, number>, otherwise: number): Uint8Array {
  const body = [...table].flatMap(([call, reply]): Instruction[] => [jumpIfEqual(call, 0, 1), answer(reply)]);
  return assemble([LOAD_NUMBER, ...body, answer(otherwise)]);
}

const table = fc
  .array(fc.tuple(fc.constantFrom(...CALLS), fc.constantFrom(...ANSWERS)))
  .map((pairs) => new Map(pairs));
const program = fc
  .tuple(table, fc.constantFrom(...ANSWERS))
  .map(([map, otherwise]) => programOf(map, otherwise));

/** Whether the call runs. */
const passes = (reply: number): boolean => reply === ALLOW || reply === LOG;

property([program, program])(
  'of two filters, what both let pass passes; otherwise the first refusal answers',
  (first, second) => {
    const chained = chainFilters(first, second);
    for (const call of [...CALLS, 99]) {
      const replies = [run(first, [call]), run(second, [call])] as const;
      const refusal = replies.find((reply) => !passes(reply));
      const together = replies.includes(LOG) ? LOG : ALLOW;
      expect(run(chained, [call])).toBe(refusal ?? together);
    }
  },
);

property([program, program, program])('three are chained as two are', (first, second, third) => {
  const chained = chainFilters(chainFilters(first, second), third);
  for (const call of CALLS) {
    const refusal = [first, second, third].map((each) => run(each, [call])).find((reply) => !passes(reply));
    const reply = run(chained, [call]);
    if (refusal === undefined) expect(passes(reply)).toBe(true);
    else expect(reply).toBe(refusal);
  }
});

describe('chained filters', () => {
  test('leave the two that they are made of as they are', () => {
    const first = programOf(new Map(), ALLOW);
    const second = programOf(new Map(), ERRNO);
    const before = [Buffer.from(first), Buffer.from(second)];
    chainFilters(first, second);
    expect([Buffer.from(first), Buffer.from(second)]).toEqual(before);
  });

  test('hold the base policies together: minimal inside of build is minimal', () => {
    const both = intersect(confinementOf('build'), confinementOf('minimal'));
    const { filter } = confinementOf('minimal');
    for (const name of ['read', 'execve', 'socket', 'ptrace', 'mount', 'clone3', 'bpf'] as const) {
      const data = [syscallNumber(name, ARCH) ?? -1, AUDIT_ARCH];
      const outer = run(confinementOf('build').filter, data);
      expect([name, run(both.filter, data)]).toEqual([name, passes(outer) ? run(filter, data) : outer]);
    }
    expect(run(both.filter, [0, 0x40000003])).toBe(run(confinementOf('build').filter, [0, 0x40000003]));
    expect(both.capabilities).toBe(
      confinementOf('build').capabilities & confinementOf('minimal').capabilities,
    );
    expect(Buffer.from(both.filterText, 'base64')).toEqual(Buffer.from(both.filter));
  });

  test('are refused where they are longer than the kernel takes', () => {
    const long = assemble([...Array.from({ length: 2000 }, () => LOAD_NUMBER), answer(ALLOW)]);
    const error = thrownBy(() => chainFilters(long, chainFilters(long, programOf(new Map(), ALLOW))));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_INVALID_POLICY' });
    expect(error.message).toContain('more than 4096');
  });

  test('are refused where an answer is computed, which nobody can follow', () => {
    const computed = assemble([LOAD_NUMBER, ANSWER_A]);
    const plain = programOf(new Map(), ALLOW);
    expect(thrownBy(() => chainFilters(computed, plain)).code).toBe('ERR_CONTAINERV_INVALID_POLICY');
    expect(thrownBy(() => chainFilters(plain, computed)).code).toBe('ERR_CONTAINERV_INVALID_POLICY');
  });
});
