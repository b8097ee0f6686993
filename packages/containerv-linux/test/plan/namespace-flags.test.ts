import type { NamespaceName, ResolvedNamespaces } from 'containerv-api';
import { expect, test } from 'vitest';
import { cloneFlags } from '../../src/plan/namespace-flags.js';

const NONE: ResolvedNamespaces = {
  mount: false,
  pid: false,
  net: false,
  ipc: false,
  uts: false,
  user: false,
  cgroup: false,
  time: false,
};

// linux/sched.h
test.for<[NamespaceName, number]>([
  ['mount', 0x00020000],
  ['uts', 0x04000000],
  ['ipc', 0x08000000],
  ['user', 0x10000000],
  ['pid', 0x20000000],
  ['net', 0x40000000],
  ['cgroup', 0],
  ['time', 0],
])('%s is 0x%x of what init is born in', ([name, flag]) => {
  expect(cloneFlags({ ...NONE, [name]: true })).toBe(flag);
});

test('all together are the sum, which is positive', () => {
  const all = Object.fromEntries(Object.keys(NONE).map((name) => [name, true]));
  expect(cloneFlags(all as unknown as ResolvedNamespaces)).toBe(0x7c020000);
});
