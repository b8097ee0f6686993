import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressFamily,
  dottedMask,
  isInPrefix,
  macAddress,
  sameAddress,
  samePrefix,
  splitDnsServers,
} from '../src/addresses.js';

test.for<readonly [string, string, boolean]>([
  ['172.20.0.1', '172.20.0.1', true],
  ['172.20.0.1', '172.20.0.2', false],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['fe80::A', 'FE80::a', true],
  ['::ffff:1.2.3.4', '::ffff:102:304', true],
  ['1.2.3.4', '::ffff:1.2.3.4', false],
  ['1::', '1:0::0', true],
  ['fe80::1%eth0', 'fe80::1', false],
  ['nonsense', 'nonsense', false],
])('%s is %s: %s', ([a, b, same]) => expect(sameAddress(a, b)).toBe(same));

test.for<readonly [string, string, boolean]>([
  ['172.20.3.4', '172.20.0.0/16', true],
  ['172.21.3.4', '172.20.0.0/16', false],
  ['1.2.3.4', '0.0.0.0/0', true],
  ['1.2.3.4', '::/0', false],
  ['1.2.3.4', '1.2.3.4', true],
  ['fd00::5', 'fd00::/64', true],
  ['fd00:0:0:1::5', 'fd00::/64', false],
  ['1.2.3.4', '1.2.3.0/33', false],
  ['1.2.3.4', '1.2.3.0/', false],
  ['1.2.3.4', '1.2.3.0/24/8', false],
])('%s is in %s: %s', ([address, prefix, inside]) => expect(isInPrefix(address, prefix)).toBe(inside));

test('blocks are compared by what is in them', () => {
  expect(samePrefix('10.1.2.3/8', '10.0.0.0/8')).toBe(true);
  expect(samePrefix('10.0.0.0/8', '10.0.0.0/9')).toBe(false);
});

test('families', () => {
  expect(['1.2.3.4', '::', 'x', '1.2.3', '01.2.3.4', 'fe80::1%1'].map(addressFamily)).toEqual([
    4,
    6,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

describe('masks', () => {
  test.for<readonly [number, string]>([
    [0, '0.0.0.0'],
    [9, '255.128.0.0'],
    [24, '255.255.255.0'],
    [32, '255.255.255.255'],
  ])('%i is %s', ([length, mask]) => expect(dottedMask(length)).toBe(mask));

  test('have as many ones as they are long, all of them first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32 }), (length) => {
        const bits = dottedMask(length)
          .split('.')
          .map((octet) => Number(octet).toString(2).padStart(8, '0'))
          .join('');
        expect(bits).toBe('1'.repeat(length).padEnd(32, '0'));
      }),
    );
  });
});

test.for<readonly [string, string | undefined]>([
  ['00:15:5d:52:c0:10', '00-15-5D-52-C0-10'],
  ['00155d52c010', '00-15-5D-52-C0-10'],
  ['00-15-5D-52-C0-10', '00-15-5D-52-C0-10'],
  ['00-15:5D-52-C0-10', undefined],
  ['01-15-5D-52-C0-10', undefined],
  ['00-15-5D-52-C0', undefined],
  ['00-15-5D-52-C0-10-11', undefined],
  ['', undefined],
])('MAC %s is %s', ([text, mac]) => expect(macAddress(text)).toBe(mac));

test('servers are apart by spaces, commas and semicolons', () => {
  expect(splitDnsServers(' 8.8.8.8, 1.1.1.1;::1\t9.9.9.9,,;')).toEqual([
    '8.8.8.8',
    '1.1.1.1',
    '::1',
    '9.9.9.9',
  ]);
  expect(splitDnsServers(['8.8.8.8;1.1.1.1', '::1'])).toEqual(['8.8.8.8', '1.1.1.1', '::1']);
  expect(splitDnsServers('')).toEqual([]);
});
