import { describe, expect, test } from 'vitest';
import { arches } from '../../src/arch.js';
import { basePolicies, basePolicyNames } from '../../src/base/base-policies.js';
import { createPolicy, dangerousSyscalls } from '../../src/index.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import { forbidden } from '../support/named-calls.js';

const combined = createPolicy('build').extend('network');
const policies = [...basePolicyNames.map((name) => createPolicy(name)), combined];
const cases = policies.flatMap((policy) => arches.map((arch) => ({ policy, arch, name: policy.name })));

describe.for(cases)('$name on $arch', ({ policy, arch }) => {
  test.for(forbidden.filter(({ only }) => only === undefined || only === arch))(
    'denies $what',
    ({ syscall, args }) => {
      expect(policy.check({ syscall, arch, ...(args === undefined ? {} : { args }) })).toBe('errno');
    },
  );

  test('denies every dangerous syscall, whatever its arguments', () => {
    const names = dangerousSyscalls.flatMap((group) => group.names);
    const permitted = names.filter(
      (syscall) => syscallNumber(syscall, arch) !== undefined && policy.check({ syscall, arch }) !== 'errno',
    );
    expect(permitted).toEqual([]);
    const named = new Set(
      Object.values(basePolicies).flatMap(({ rules }) => rules.flatMap((rule) => rule.names)),
    );
    expect(names.filter((name) => named.has(name))).toEqual([]);
  });

  test('clone3 and what comes after the tables do not exist', () => {
    expect(policy.check({ syscall: 'clone3', arch })).toBe('errno');
    expect(policy.check({ syscall: 1000, arch })).toBe('errno');
  });

  test('what it takes to exec and exit is allowed', () => {
    for (const syscall of ['execve', 'execveat', 'exit', 'exit_group', 'rt_sigreturn'])
      expect([syscall, policy.check({ syscall, arch })]).toEqual([syscall, 'allow']);
  });
});
