import { describe, expect, test } from 'vitest';
import { createPolicy, type NetworkRule } from '../../src/index.js';
import { expectInvalid } from '../support/invalid.js';

const add = (...rules: unknown[]): readonly NetworkRule[] | undefined =>
  createPolicy('build').addNetworkRules(rules as NetworkRule[]).networkRules;

describe('addNetworkRules', () => {
  test('keeps rules in one canonical form, each once', () => {
    const rules = add(
      {
        family: 'inet',
        protocol: 'tcp',
        address: '10.0.0.0/8',
        ports: [443, [80, 90], 91, [85, 100]],
        allow: ['send', 'connect'],
      },
      {
        allow: ['connect', 'send', 'send'],
        ports: [[80, 100], 443],
        address: '10.0.0.0/8',
        protocol: 'tcp',
        family: 'inet',
      },
      { family: 'inet6', address: 'FD00::/8', ports: [82, 80, 1, 2] },
      { family: 'unix', path: '/run//app/./sock' },
      { family: 'unix', path: '@app', allow: [] },
    );
    expect(rules).toEqual([
      {
        family: 'inet',
        protocol: 'tcp',
        address: '10.0.0.0/8',
        ports: [[80, 100], 443],
        allow: ['connect', 'send'],
      },
      { family: 'inet6', address: 'fd00::/8', ports: [[1, 2], 80, 82] },
      { family: 'unix', path: '/run/app/sock' },
      { family: 'unix', path: '@app', allow: [] },
    ]);
  });

  test('an empty list is a rule: nothing is permitted', () => {
    expect(createPolicy('network').networkRules).toBeUndefined();
    expect(createPolicy('network').addNetworkRules([]).networkRules).toEqual([]);
  });

  test('allows the sockets that its rules need, and no others', () => {
    const socket = (rule: object, ...args: number[]): string =>
      createPolicy('minimal')
        .addNetworkRules([rule as NetworkRule])
        .check({ syscall: 'socket', args, arch: 'x64' });
    const tcp4 = { family: 'inet', protocol: 'tcp', ports: [443], allow: ['connect'] };
    expect(socket(tcp4, 2, 1, 0)).toBe('allow');
    expect(socket(tcp4, 2, 0o2004001, 6)).toBe('allow');
    expect(socket(tcp4, 2, 2, 0)).toBe('errno');
    expect(socket(tcp4, 10, 1, 0)).toBe('errno');
    expect(socket(tcp4, 1, 1, 0)).toBe('errno');
    expect(socket({ family: 'inet6', protocol: 'udp' }, 10, 2, 17)).toBe('allow');
    expect(socket({ family: 'inet6' }, 10, 1, 0)).toBe('allow');
    expect(socket({ family: 'unix' }, 1, 5, 0)).toBe('allow');
    expect(socket({ family: 'unix' }, 2, 1, 0)).toBe('errno');
    for (const nothing of [
      { ...tcp4, allow: [] },
      { ...tcp4, ports: [] },
    ])
      expect(socket(nothing, 2, 1, 0)).toBe('errno');
    expect(
      createPolicy('minimal')
        .addNetworkRules([tcp4 as NetworkRule])
        .check({ syscall: 'connect' }),
    ).toBe('allow');
    expect(createPolicy('minimal').addNetworkRules([]).check({ syscall: 'connect' })).toBe('errno');
  });

  test.for([
    [{}, /`rules\[0\].family` to be one of 'inet', 'inet6', 'unix'/],
    [{ family: 'ipv4' }, /family/],
    [{ family: 'inet', protocol: 'icmp' }, /`rules\[0\].protocol` to be one of 'tcp', 'udp'/],
    [{ family: 'inet', address: 'example.com' }, /Host names are not accepted/],
    [{ family: 'inet', address: 'cafe.de' }, /Host names are not accepted/],
    [{ family: 'inet', address: '::1' }, /family: 'inet6'/],
    [{ family: 'inet6', address: '10.0.0.0/8' }, /family: 'inet'/],
    [{ family: 'inet', address: '0177.0.0.1' }, /without leading zeros/],
    [{ family: 'inet', address: '1.2.3' }, /four decimal numbers/],
    [{ family: 'inet6', address: 'fd00:::/8' }, /fd00::\/8/],
    [{ family: 'inet', address: '::1' }, /an IPv4 address or CIDR/],
    [{ family: 'inet6', address: '10.0.0.0/8' }, /an IPv6 address or CIDR/],
    [{ family: 'inet', address: '10.0.0.1/8' }, /Did you mean 10\.0\.0\.0\/8/],
    [{ family: 'inet', ports: [0] }, /`rules\[0\].ports\[0\]` to be a whole number from 1 to 65535, got `0`/],
    [{ family: 'inet', ports: [65536] }, /got `65536`/],
    [{ family: 'inet', ports: ['443'] }, /got `"443"` \(string\)/],
    [{ family: 'inet', ports: 443 }, /`rules\[0\].ports` to be an array/],
    [{ family: 'inet', ports: [[1, 2, 3]] }, /a port or \[first, last\]/],
    [{ family: 'inet', ports: [[0, 10]] }, /`rules\[0\].ports\[0\]\[0\]`/],
    [{ family: 'inet', ports: [[90, 80]] }, /the range \[90, 80\] is empty.*\n.*Write \[80, 90\]/],
    [{ family: 'inet', allow: ['conect'] }, /Did you mean `connect`/],
    [{ family: 'inet', allow: 'connect' }, /`rules\[0\].allow` to be an array/],
    [
      { family: 'inet', protocol: 'udp', allow: ['listen'] },
      /`rules\[0\].allow` contradicts `protocol: 'udp'`/,
    ],
    [{ family: 'inet', path: '/x' }, /`rules\[0\].path` contradicts `family: 'inet'`/],
    [{ family: 'unix', ports: [1] }, /`rules\[0\].ports` contradicts `family: 'unix'`/],
    [{ family: 'unix', address: '@x' }, /`rules\[0\].address` contradicts/],
    [{ family: 'unix', path: 'sock' }, /an absolute path/],
    [{ family: 'unix', path: '@' }, /abstract name/],
    [{ family: 'unix', path: '@a\0b' }, /abstract name/],
    [{ family: 'unix', path: `/${'x'.repeat(107)}` }, /at most 107 bytes/],
    [{ family: 'inet', port: [1] }, /Did you mean `ports`/],
    [{ family: 'inet', ['__proto__']: 1 }, /Unknown key "__proto__"|`rules\[0\]`/],
    [null, /`rules\[0\]` to be an object/],
  ] as const)('refuses %j', ([rule, message]) => {
    const hostile: unknown =
      rule !== null && Object.hasOwn(rule, '__proto__') ? JSON.parse('{"__proto__":1}') : rule;
    expectInvalid(() => add(hostile), message);
  });
});
