import { expect, test } from 'vitest';
import { landlockAbi } from '../support/landlock.js';
import { runProgram } from '../support/program.js';
import { sharedRoot } from '../support/root.js';
import { program } from '../support/suite.js';

// The numbers are the same on every architecture (include/uapi/asm-generic/unistd.h).
const LANDLOCK = { create_ruleset: 444, add_rule: 445, restrict_self: 446 } as const;
const UNSUPPORTED = 'ERR_CONTAINERV_UNSUPPORTED';

async function without(calls: readonly number[]): Promise<Record<string, unknown>> {
  const under = [program('without-syscalls'), calls.join(','), '--'];
  const options = JSON.stringify({ rootfs: sharedRoot() });
  const { code, stdout, stderr } = await runProgram('without-landlock', [options], { under });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('a kernel without Landlock: reported and warned about, and an error where the level requires rules', async () => {
  const warning = expect.stringMatching(/file rules of the policy 'minimal' are not enforced.*no Landlock/);
  const refused = [UNSUPPORTED, 'apply file rules'];
  expect(await without(Object.values(LANDLOCK))).toEqual({
    default: ['ok', false],
    restricted: ['ok', false],
    strict: refused,
    'nothing to confine': ['ok', false],
    process: ['ok', null],
    'strict process': refused,
    'joined process': ['ok', null],
    'joined strict process': refused,
    'process warnings': [warning, warning],
    'container warning': warning,
  });
});

// It says that it can, and then does not: nothing may start that would be thought confined.
test.skipIf((await landlockAbi()) === 0).for([
  ['add_rule', 'apply file rules', 'apply file rules'],
  ['restrict_self', 'probe file rules', 'apply file rules'],
] as const)(
  'a kernel that fails at %s: nothing that has rules starts',
  async ([call, ofContainer, ofProcess]) => {
    const refused = [UNSUPPORTED, ofContainer];
    expect(await without([LANDLOCK[call]])).toMatchObject({
      default: refused,
      restricted: refused,
      strict: refused,
      'nothing to confine': ['ok', false],
      process: [UNSUPPORTED, ofProcess],
      'joined process': [UNSUPPORTED, ofProcess],
    });
  },
);
