import { expect, test } from 'vitest';
import { checkNetwork } from '../../src/probe/network-check.js';
import { fakeHost } from '../support/fake-host.js';

const IPV4 = '/proc/sys/net/ipv4/ip_forward';
const IPV6 = '/proc/sys/net/ipv6/conf/all/forwarding';
const root = { uid: 0 };

test('without root there are none, and that is said', () => {
  expect(checkNetwork(fakeHost(), undefined)).toMatchObject({
    status: 'degraded',
    fix: expect.stringContaining('root') as unknown,
  });
});

test('a kernel that does not answer for nftables', () => {
  expect(checkNetwork(fakeHost({}, root), false)).toMatchObject({
    status: 'degraded',
    fix: expect.stringContaining('modprobe -a nf_tables') as unknown,
  });
});

test.for([
  ['0', '0', /ip_forward is 0/],
  ['1', '0', /IPv4 only/],
  ['1', '1', /IPv4 and IPv6/],
] as const)('forwarding %s and %s', ([ipv4, ipv6, detail]) => {
  const check = checkNetwork(fakeHost({ [IPV4]: `${ipv4}\n`, [IPV6]: `${ipv6}\n` }, root), true);
  expect(check.status).toBe('ok');
  expect(check.detail).toMatch(detail);
});
