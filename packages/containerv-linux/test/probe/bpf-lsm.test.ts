import { expect, test } from 'vitest';
import { checkBpfLsm } from '../../src/probe/bpf-lsm.js';
import { fakeHost } from '../support/fake-host.js';

const LISTED = '/sys/kernel/security/lsm';
const TYPES = { '/sys/kernel/btf/vmlinux': '' };
const ACTIVE = [108, 100, 110, 109];
const OTHERS = [100, 110];

test.for([
  [{ ...TYPES, [LISTED]: undefined }, ACTIVE, 'ok', /^Active, with/],
  [{ ...TYPES, [LISTED]: 'lockdown,capability,landlock,bpf\n' }, undefined, 'ok', /^Active, with/],
  // What the kernel answers counts, not what is mounted there.
  [{ ...TYPES, [LISTED]: 'capability,bpf\n' }, OTHERS, 'missing', /^Not active/],
  [{ ...TYPES, [LISTED]: 'capability,landlock\n' }, undefined, 'missing', /^Not active/],
  [{ '/sys/kernel/btf/vmlinux': undefined, [LISTED]: undefined }, ACTIVE, 'missing', /BTF/],
  [{ ...TYPES, [LISTED]: undefined }, undefined, 'missing', /cannot be told/],
] as const)('%j and modules %j: %s', ([files, modules, status, detail]) => {
  const check = checkBpfLsm(fakeHost(files), modules);
  expect(check).toMatchObject({ name: 'BPF LSM', status });
  expect(check.detail).toMatch(detail);
  expect(check.detail).toContain('containerv does not use it');
});
