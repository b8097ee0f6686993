import { expect, test } from 'vitest';
import { checkDeviceFilter } from '../../src/probe/device-filter-check.js';
import { fakeHost } from '../support/fake-host.js';

const root = fakeHost({}, { uid: 0 });

test.for([
  ['v1', /controller of cgroup v1/],
  ['v2', /BPF program/],
] as const)('%s, as a container had it', ([seen, detail]) => {
  const check = checkDeviceFilter(root, seen);
  expect(check).toMatchObject({ name: 'device filter', status: 'ok' });
  expect(check.detail).toMatch(detail);
  expect(check).not.toHaveProperty('fix');
});

test('none, though this is root', () => {
  expect(checkDeviceFilter(root, false)).toMatchObject({
    status: 'degraded',
    fix: expect.stringContaining('CONFIG_CGROUP_BPF') as string,
  });
});

test('none for an ordinary user, whether there was a container or not', () => {
  for (const seen of [false, undefined] as const) {
    expect(checkDeviceFilter(fakeHost(), seen)).toMatchObject({ status: 'degraded', fix: 'Run as root.' });
  }
});

test('without a container nothing is claimed', () => {
  expect(checkDeviceFilter(root, undefined)).toMatchObject({ status: 'degraded' });
});
