import { expect, test } from 'vitest';
import { overlap, parseRange } from '../../src/network/ip.js';
import {
  candidates,
  capacity,
  chooseSubnet,
  describeSubnet,
  isHostAddress,
  subnetOf,
} from '../../src/network/subnet.js';
import { fc } from '../support/property.js';
import { thrownBy } from '../support/thrown.js';

test('a subnet is chosen that overlaps nothing', () => {
  const blocks = fc.array(
    fc
      .tuple(
        fc.integer({ min: 209, max: 212 }),
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 12, max: 30 }),
      )
      .map(([pool, third, prefix]) => parseRange(`10.${pool}.${third}.0/${prefix}`)),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(blocks, fc.option(fc.nat(), { nil: undefined }), (inUse, seed) => {
      const chosen = chooseSubnet(inUse, seed);
      expect(chosen.prefixLength).toBe(seed === undefined ? 20 : 24);
      expect(inUse.filter((used) => overlap(used, chosen)).map(describeSubnet)).toEqual([]);
    }),
  );
});

test('a named bridge and the default one never want the same', () => {
  const standard = chooseSubnet([], undefined);
  for (let seed = 0; seed < 300; seed++) expect(overlap(chooseSubnet([], seed), standard)).toBe(false);
});

test('when everything is taken, that is said', () => {
  expect(thrownBy(() => chooseSubnet([parseRange('10.0.0.0/8')], 1))).toMatchObject({
    code: 'ERR_CONTAINERV_NETWORK',
    hint: expect.stringContaining('hostIp') as unknown,
  });
});

test('every address of a host is offered once, wherever it starts', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 24, max: 30 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (prefix, random) => {
        const subnet = subnetOf(parseRange('10.1.2.129').address, prefix);
        const host = subnet.address + 1n;
        const offered = [...candidates(subnet, host, random)];
        expect(offered).toHaveLength(capacity(subnet));
        expect(new Set(offered).size).toBe(offered.length);
        for (const address of offered) {
          expect(address).not.toBe(host);
          expect(isHostAddress(subnet, address)).toBe(true);
        }
      },
    ),
  );
});

test('the first and the last address of a subnet are no host’s', () => {
  const subnet = parseRange('10.1.2.0/29');
  const is = (text: string): boolean => isHostAddress(subnet, parseRange(text).address);
  expect(['10.1.2.0', '10.1.2.1', '10.1.2.6', '10.1.2.7', '10.1.2.8'].map(is)).toEqual([
    false,
    true,
    true,
    false,
    false,
  ]);
});
