import { describe, expect, test } from 'vitest';
import { basePolicyNames } from '../../src/base/base-policies.js';
import { createPolicy, Policy } from '../../src/index.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import { whySkipped } from '../support/compile-c.js';
import { forbidden } from '../support/named-calls.js';
import { makeProbe } from './probe.js';

const probe = makeProbe();
const number = (name: string): number => syscallNumber(name, 'x64') ?? -1;
const calls = forbidden.filter(({ only }) => only !== 'arm64');
const policies = [
  ...basePolicyNames.map((name) => createPolicy(name)),
  createPolicy('build').extend('network'),
];

describe.skipIf('unavailable' in probe.program)(`in the kernel${whySkipped(probe.program)}`, () => {
  test.for(policies)('$name answers EPERM to every forbidden operation', (policy) => {
    const outcomes = probe.run(
      policy.compileSeccomp({ arch: 'x64', log: false }),
      calls.map(({ syscall, args = [] }) => ({ number: number(syscall), args })),
    );
    const wrong = calls.flatMap(({ what }, at) =>
      outcomes[at] === 'errno 1' ? [] : [`${what}: ${outcomes[at]}`],
    );
    expect(wrong).toEqual([]);
  });

  test('the probe can tell: where everything is allowed the same calls succeed', () => {
    const everything = Policy.fromOciSeccomp({ defaultAction: 'SCMP_ACT_ALLOW' });
    const asked = [
      { number: number('unshare'), args: [0n] },
      { number: number('personality'), args: [0xffffffffn] },
      { number: number('socket'), args: [1n, 1n, 0n] },
    ];
    const outcomes = probe.run(everything.compileSeccomp({ arch: 'x64', log: false }), asked);
    expect(outcomes).toEqual(['errno 0', 'errno 0', 'errno 0']);
  });

  test.for(policies)(
    '$name: clone3 and unknown numbers are ENOSYS, foreign ABIs end the process',
    (policy) => {
      const outcomes = probe.run(policy.compileSeccomp({ arch: 'x64', log: false }), [
        { number: number('clone3') },
        { number: 400 },
        { number: 999 },
        { number: -1 },
        { number: 0x40000000 | number('getpid') },
      ]);
      expect(outcomes).toEqual(['errno 38', 'errno 38', 'errno 38', 'errno 38', 'signal 31']);
    },
  );

  test('strict ends the process for what no program tries by chance, and only denies the rest', () => {
    const strict = createPolicy('build')
      .setSecurityLevel('strict')
      .compileSeccomp({ arch: 'x64', log: false });
    const asked = ['ptrace', 'mount', 'unshare', 'bpf', 'keyctl', 'io_uring_setup', 'setrlimit'];
    expect(
      probe.run(
        strict,
        asked.map((name) => ({ number: number(name) })),
      ),
    ).toEqual(['signal 31', 'signal 31', 'signal 31', 'signal 31', 'errno 1', 'errno 1', 'errno 1']);
  });
});
