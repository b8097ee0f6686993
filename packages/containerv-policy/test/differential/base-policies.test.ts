import { describe, expect, test } from 'vitest';
import { arches, auditArch } from '../../src/arch.js';
import { basePolicyNames } from '../../src/base/base-policies.js';
import { createPolicy } from '../../src/index.js';
import { ABSENT, DENY, KILL } from '../../src/seccomp/answer.js';
import { loadFilter, type SeccompData } from '../../src/seccomp/interpreter.js';
import { syscallEntries } from '../../src/syscalls/table.js';
import { scratchDirectory } from '../support/scratch.js';
import { whySkipped } from '../support/compile-c.js';
import { buildWithLibseccomp, libseccompHarness } from './libseccomp.js';
import { boundaryArgs, rulesOf } from './oci-rules.js';

const harness = libseccompHarness(scratchDirectory());
const cases = arches.flatMap((arch) => basePolicyNames.map((name) => ({ arch, name })));

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
