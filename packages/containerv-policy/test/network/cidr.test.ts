import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, test } from 'vitest';
import { formatCidr, type IpFamily, parseCidr, parseIpv4, parseIpv6 } from '../../src/network/cidr.js';
import { expectInvalid } from '../support/invalid.js';
import { fc } from '../support/property.js';

describe('addresses', () => {
  test.for<[IpFamily, string, string]>([
    ['inet', '10.0.0.0/8', '10.0.0.0/8'],
    ['inet', '0.0.0.0/0', '0.0.0.0/0'],
    ['inet', '192.0.2.1', '192.0.2.1'],
    ['inet', '192.0.2.1/32', '192.0.2.1'],
    ['inet', '128.0.0.0/1', '128.0.0.0/1'],
    ['inet6', '::/0', '::/0'],
    ['inet6', '::1', '::1'],
    ['inet6', 'FD00:0:0::/8', 'fd00::/8'],
    ['inet6', '2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['inet6', '2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['inet6', '0:0:0:0:0:0:0:0', '::'],
    ['inet6', '::ffff:192.0.2.1', '::ffff:c000:201'],
    ['inet6', '64:ff9b::/96', '64:ff9b::/96'],
    ['inet6', '1::', '1::'],
  ])('%s %s is %s', ([family, text, canonical]) => {
    expect(formatCidr(parseCidr(text, family, 'address'))).toBe(canonical);
  });

  test.for<[IpFamily, unknown]>([
    ['inet', ''],
    ['inet', '10'],
    ['inet', '1.2.3'],
    ['inet', '0177.0.0.1'],
    ['inet', '0x7f.0.0.1'],
    ['inet', '1.2.3.4.5'],
    ['inet', '256.0.0.1'],
    ['inet', '1.2.3.-4'],
    ['inet', ' 1.2.3.4'],
    ['inet', '1.2.3.4\n'],
    ['inet', '1.2.3.٤'],
    ['inet', '10.0.0.0/33'],
    ['inet', '10.0.0.0/08'],
    ['inet', '10.0.0.0/'],
    ['inet', '10.0.0.0/8/8'],
    ['inet', '10.0.0.0/-1'],
    ['inet', '::1'],
    ['inet', 'localhost'],
    ['inet', 'example.com'],
    ['inet', 'evil.com\0.10.0.0.1'],
    ['inet', 167772160],
    ['inet', '1'.repeat(10_000)],
    ['inet6', '10.0.0.0/8'],
    ['inet6', ':::'],
    ['inet6', '1::2::3'],
    ['inet6', '1:2:3:4:5:6:7'],
    ['inet6', '1:2:3:4:5:6:7:8:9'],
    ['inet6', '1:2:3:4::5:6:7:8'],
    ['inet6', '12345::'],
    ['inet6', 'fe80::1%eth0'],
    ['inet6', '::192.0.2.1:1'],
    ['inet6', '192.0.2.1::'],
    ['inet6', '::/129'],
    ['inet6', ':1'],
    ['inet6', '1:'],
  ])('%s %j is refused', ([family, text]) => {
    expectInvalid(() => parseCidr(text, family, 'rules[3].address'), /`rules\[3\].address`/);
  });

  test('bits past the prefix are refused, with what was probably meant', () => {
    expectInvalid(() => parseCidr('10.1.2.3/8', 'inet', 'a'), /Did you mean 10\.0\.0\.0\/8\?/);
    expectInvalid(() => parseCidr('fd00::1/8', 'inet6', 'a'), /Did you mean fd00::\/8\?/);
  });

  test('every address survives being written and read', () => {
    const bits = { inet: 32n, inet6: 128n };
    fc.assert(
      fc.property(
        fc.constantFrom<IpFamily>('inet', 'inet6'),
        // Runs of zeros are what shortens IPv6 addresses.
        fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }),
        fc.nat(128),
        (family, groups, length) => {
          const whole = groups.reduce((address, group) => (address << 16n) | BigInt(group), 0n);
          const prefixLength = family === 'inet' ? length % 33 : length;
          const hostBits = (1n << (bits[family] - BigInt(prefixLength))) - 1n;
          const range = {
            family,
            address: BigInt.asUintN(Number(bits[family]), whole) & ~hostBits,
            prefixLength,
          };
          expect(parseCidr(formatCidr(range), family, 'address')).toEqual(range);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('nothing is taken for an address that Node does not take for one', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      'ffff',
      '255',
      '256',
      '01',
      ':',
      '::',
      '.',
      'g',
      '%',
      'a',
      '12345',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
        const text = pieces.join('');
        if (parseIpv4(text) !== undefined) expect(isIPv4(text)).toBe(true);
        // Node also takes a zone, which is no part of an address.
        if (!text.includes('%')) expect([text, parseIpv6(text) !== undefined]).toEqual([text, isIPv6(text)]);
        else expect(parseIpv6(text)).toBeUndefined();
      }),
      { numRuns: 20_000 },
    );
  });
});
