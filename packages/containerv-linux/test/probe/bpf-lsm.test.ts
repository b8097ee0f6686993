import { expect, test } from 'vitest';
import { lackByFiles } from '../../src/bpf-lsm/availability.js';
import { checkBpfLsm } from '../../src/probe/bpf-lsm.js';
import { fakeHost } from '../support/fake-host.js';

const LISTED = '/sys/kernel/security/lsm';
const TYPES = { '/sys/kernel/btf/vmlinux': '' };
const ACTIVE = [108, 100, 110, 109];
const OTHERS = [100, 110];
const ROOT = { uid: 0 };

test.for([
  [{ ...TYPES, [LISTED]: undefined }, ACTIVE, undefined],
  [{ ...TYPES, [LISTED]: 'lockdown,capability,landlock,bpf\n' }, undefined, undefined],
  // What the kernel answers counts, not what is mounted there.
  [{ ...TYPES, [LISTED]: 'capability,bpf\n' }, OTHERS, /^Not active/],
  [{ ...TYPES, [LISTED]: 'capability,landlock\n' }, undefined, /^Not active/],
  [{ '/sys/kernel/btf/vmlinux': undefined, [LISTED]: undefined }, ACTIVE, /BTF/],
  [{ ...TYPES, [LISTED]: undefined }, undefined, /cannot be told/],
] as const)('%j and modules %j', ([files, modules, lack]) => {
  const found = lackByFiles(fakeHost(files, ROOT), modules, true);
  if (lack === undefined) expect(found).toBeUndefined();
  else expect(found?.what).toMatch(lack);
});

test.for([
  [{ uid: 1000 }, true, /not for this user/],
  [ROOT, false, /no group of their own in cgroup v2/],
  [{ ...ROOT, inode: 4_026_532_000 }, true, /control group namespace/],
] as const)('as %j, with cgroup v2 %j', ([who, unified, lack]) => {
  expect(lackByFiles(fakeHost(TYPES, who), ACTIVE, unified)?.what).toMatch(lack);
});

test('what is lacking is told, with what to do about it, and that Landlock needs none of it', () => {
  expect(checkBpfLsm(undefined)).toMatchObject({ name: 'BPF LSM', status: 'ok' });
  const check = checkBpfLsm({ what: 'Not active in this kernel', fix: 'Boot another.' });
  expect(check).toMatchObject({ status: 'missing', fix: 'Boot another.' });
  expect(check.detail).toMatch(/^Not active in this kernel\. .*Landlock all the same/);
});
