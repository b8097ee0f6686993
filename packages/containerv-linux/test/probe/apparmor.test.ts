import { expect, test } from 'vitest';
import { checkAppArmor } from '../../src/probe/apparmor.js';
import { fakeHost } from '../support/fake-host.js';

const ENABLED = { '/sys/module/apparmor/parameters/enabled': 'Y\n' };
const STACKED = '/proc/self/attr/apparmor/current';
const FIRST = '/proc/self/attr/current';

test.for([
  [{}, /not active/],
  [{ '/sys/module/apparmor/parameters/enabled': 'N\n', [FIRST]: 'x (enforce)\n' }, /not active/],
  [{ ...ENABLED, [STACKED]: 'unconfined\n' }, /not confined/],
  [{ ...ENABLED, [STACKED]: 'tool (complain)\n' }, /not confined/],
  [{ ...ENABLED, [STACKED]: 'chrome (unconfined)\n' }, /not confined/],
  [{ ...ENABLED, [STACKED]: 'unconfined\n', [FIRST]: 'other (enforce)\n' }, /not confined/],
] as const)('%j is nothing to mend', ([files, detail]) => {
  const check = checkAppArmor(fakeHost(files));
  expect(check).toMatchObject({ status: 'ok', detail: expect.stringMatching(detail) as unknown });
  expect(check).not.toHaveProperty('fix');
});

test.for([
  [{ [STACKED]: 'docker-default (enforce)\n' }, 'docker-default', 'apparmor=unconfined'],
  [{ [FIRST]: 'docker-default (enforce)\0' }, 'docker-default', 'apparmor=unconfined'],
  [{ [STACKED]: '/usr/bin/a tool (enforce)\n' }, '/usr/bin/a tool', "sudo aa-complain '/usr/bin/a tool'"],
  [{ [STACKED]: 'unprivileged_userns (kill)\n' }, 'unprivileged_userns', 'sudo aa-complain'],
] as const)('%j: what confines, and what ends that', ([files, profile, fix]) => {
  expect(checkAppArmor(fakeHost({ ...ENABLED, ...files }))).toMatchObject({
    status: 'degraded',
    detail: expect.stringContaining(`'${profile}'`) as unknown,
    fix: expect.stringContaining(fix) as unknown,
  });
});
