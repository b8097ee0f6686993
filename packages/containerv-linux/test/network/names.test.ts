import { expect, test } from 'vitest';
import { bytesOf } from '../../src/network/ip.js';
import {
  bridgeKind,
  isReservedName,
  macFor,
  portAddress,
  portAlias,
  portName,
  portOwner,
  subnetBridge,
  uniqueLocalPrefix,
} from '../../src/network/names.js';
import { fc } from '../support/property.js';

const address = fc.bigInt({ min: 1n, max: 2n ** 32n - 1n });

test('a link’s name is its address and nothing else’s, and fits IFNAMSIZ', () => {
  fc.assert(
    fc.property(address, (each) => {
      expect(portName(each).length).toBeLessThan(16);
      expect(portAddress(portName(each))).toBe(each);
      expect(isReservedName(portName(each))).toBe(true);
    }),
  );
  for (const other of ['cv', 'cv0a0b0c0', 'cv0a0b0c0d0', 'cvb0a0b0c0d18', 'xcv0a0b0c0d', 'cv0A0B0C0D'])
    expect(portAddress(other)).toBeUndefined();
});

test('hardware addresses are locally administered, for one station, and differ as the addresses do', () => {
  expect(Buffer.from(macFor(0x0ad10005n)).toString('hex')).toBe('02630ad10005');
  fc.assert(
    fc.property(address, (each) => {
      expect((macFor(each)[0] ?? 0) & 0b11).toBe(0b10);
    }),
  );
});

test('an alias says whose a link is; others’ say nothing', () => {
  const owner = { token: '0123456789abcdef', id: 'box', hostname: 'web.example.org' };
  expect(portOwner(portAlias(owner))).toEqual(owner);
  for (const alias of [undefined, '', 'uplink', 'containerv port x box web', `${portAlias(owner)} more`])
    expect(portOwner(alias)).toBeUndefined();
  // IFALIASZ
  expect(portAlias({ token: owner.token, id: 'i'.repeat(63), hostname: 'h'.repeat(64) }).length).toBeLessThan(
    256,
  );
});

test('only our own alias makes a bridge ours', () => {
  expect(
    [
      'containerv bridge shared',
      'containerv bridge alone',
      'containerv bridge',
      'bridge alone',
      undefined,
    ].map(bridgeKind),
  ).toEqual(['shared', 'alone', undefined, undefined, undefined]);
});

test('names of bridges that were not named fit IFNAMSIZ and are reserved', () => {
  const name = subnetBridge({ family: 'inet', address: 0xc0a84d00n, prefixLength: 24 });
  expect(name).toBe('cvbc0a84d0018');
  expect(isReservedName(name)).toBe(true);
  expect(['br0', 'cvs', 'cafe', 'containerv1'].map(isReservedName)).toEqual([false, false, false, false]);
});

test('IPv6 prefixes are unique local, of 64 bits, and differ by bridge', () => {
  const prefix = uniqueLocalPrefix('a');
  expect(bytesOf(prefix.address, 'inet6')[0]).toBe(0xfd);
  expect(prefix.address & (2n ** 64n - 1n)).toBe(0n);
  expect(uniqueLocalPrefix('b').address).not.toBe(prefix.address);
  expect(uniqueLocalPrefix('a').address).toBe(prefix.address);
});
