import { describe, expect, test } from 'vitest';
import { arches, auditArch } from '../../src/arch.js';
import { createPolicy, planObservation } from '../../src/index.js';
import { ALLOW, KILL, LOG } from '../../src/seccomp/answer.js';
import { compileRules } from '../../src/seccomp/compile.js';
import { compileObserved, HAND_OVER } from '../../src/seccomp/compile-observed.js';
import { loadFilter } from '../../src/seccomp/interpreter.js';
import { syscallEntries, syscallNumber } from '../../src/syscalls/table.js';
import { fc } from '../support/property.js';
import { argsNear, names, rules } from '../support/rules.js';

const pass = 0x0123456789abcdefn;
const upper = 0x0123456700000000n;
const lower = 0x89abcdef00000000n;
const endings = ['exit', 'exit_group', 'rt_sigreturn', 'restart_syscall'];
/** Not to be interrupted; those with namespaces are denied, and so handed over. */
const tasks = ['clone', 'fork', 'vfork'];

describe.for(arches)('on %s', (arch) => {
  const number = (name: string): number => syscallNumber(name, arch) ?? -1;
  const ask =
    (program: Uint8Array) =>
    (call: number, args: readonly bigint[] = []): number =>
      loadFilter(program)({ number: call, auditArch: auditArch[arch], args }).answer;

  test('for learning everything is handed over but the way out, and what makes tasks', () => {
    const { filter } = planObservation(createPolicy('build'), 'all', { arch, pass });
    const decide = ask(filter);
    const kept = syscallEntries(arch).filter(([, own]) => decide(own) !== HAND_OVER);
    const expected = [...endings, ...tasks.filter((name) => number(name) >= 0)];
    expect(kept.map(([name]) => name).sort()).toEqual(expected.sort());
    expect(kept.every(([, own]) => decide(own) === ALLOW)).toBe(true);
    expect(decide(number('clone'), [0x10000011n])).toBe(HAND_OVER);
    // A number that no table knows is the observer's to see, too.
    expect([decide(999), decide(5000)]).toEqual([HAND_OVER, HAND_OVER]);
  });

  test('a foreign ABI still ends the process', () => {
    const { filter } = planObservation(createPolicy('build'), 'all', { arch, pass });
    const foreign = { number: 0, auditArch: 0x40000003, args: [] };
    expect(loadFilter(filter)(foreign).answer).toBe(KILL);
    if (arch === 'x64') expect(ask(filter)(0x40000000 + number('getpid'))).toBe(KILL);
  });

  test('the pass lets one sendmsg through: both halves, no other call', () => {
    const { filter } = planObservation(createPolicy('build'), 'all', { arch, pass });
    const decide = ask(filter);
    expect(decide(number('sendmsg'), [upper | 3n, 0xdeadn, lower | 0x4000n])).toBe(ALLOW);
    for (const args of [
      [3n, 0xdeadn, 0n],
      [upper | 3n, 0xdeadn, 0n],
      [3n, 0xdeadn, lower],
      [lower, 0xdeadn, upper],
      [upper ^ (1n << 63n), 0xdeadn, lower],
    ])
      expect(decide(number('sendmsg'), args)).toBe(HAND_OVER);
    expect(decide(number('sendto'), [upper, 0n, lower])).toBe(HAND_OVER);
  });

  test('for denials what is allowed stays with the kernel, and nothing denied does', () => {
    fc.assert(
      fc.property(
        rules.chain((all) => fc.tuple(fc.constant(all), fc.constantFrom(...names), argsNear(all))),
        ([all, name, args]) => {
          let answer: number;
          try {
            answer = ask(compileRules(all, { arch, log: false }))(number(name), args);
          } catch {
            return fc.pre(false);
          }
          const observed = compileObserved(all, { arch, observed: new Set(['read']), pass });
          const passes = (answer === ALLOW || answer === LOG) && name !== 'read';
          expect(ask(observed)(number(name), args)).toBe(passes ? answer : HAND_OVER);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a policy that confines files has the calls that use them handed over, another has not', () => {
    const confined = createPolicy('build').addPaths(['/workspace'], 1);
    const seen = ask(planObservation(confined, 'denials', { arch, pass }).filter);
    const unseen = ask(planObservation(createPolicy('build'), 'denials', { arch, pass }).filter);
    expect([seen(number('openat')), seen(number('read'))]).toEqual([HAND_OVER, ALLOW]);
    expect([unseen(number('openat')), unseen(number('mount'))]).toEqual([ALLOW, HAND_OVER]);
  });
});
