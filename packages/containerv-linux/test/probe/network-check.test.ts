import { expect, test } from 'vitest';
import { checkNetwork } from '../../src/probe/network-check.js';
import { fakeHost } from '../support/fake-host.js';

const IPV4 = '/proc/sys/net/ipv4/ip_forward';
const IPV6 = '/proc/sys/net/ipv6/conf/all/forwarding';
const root = { uid: 0 };

const installed = { program: '/usr/bin/pasta' };

test('without root there are none without pasta, and that is said', () => {
  const lack = { what: '`pasta` is not installed', fix: 'sudo apt-get install passt' };
  const check = checkNetwork(fakeHost(), undefined, { lack });
  expect(check).toMatchObject({ status: 'degraded', fix: lack.fix });
  expect(check.detail).toContain(lack.what);
});

test('without root there are some with it', () => {
  expect(checkNetwork(fakeHost(), undefined, installed)).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining('/usr/bin/pasta') as unknown,
  });
});

test('a kernel that does not answer for nftables', () => {
  expect(checkNetwork(fakeHost({}, root), false, installed)).toMatchObject({
    status: 'degraded',
    fix: expect.stringContaining('modprobe -a nf_tables') as unknown,
  });
});

test.for([
  ['0', '0', /ip_forward is 0/],
  ['1', '0', /IPv4 only/],
  ['1', '1', /IPv4 and IPv6/],
] as const)('forwarding %s and %s', ([ipv4, ipv6, detail]) => {
  const check = checkNetwork(fakeHost({ [IPV4]: `${ipv4}\n`, [IPV6]: `${ipv6}\n` }, root), true, installed);
  expect(check.status).toBe('ok');
  expect(check.detail).toMatch(detail);
});
