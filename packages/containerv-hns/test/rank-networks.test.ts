import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HnsNetwork } from '../src/hns-network.js';
import { explain, rankNetworks, selectNetwork } from '../src/rank-networks.js';

const network = (name: string, type: string, switchName?: string): HnsNetwork => ({
  id: `${name}/${type}/${switchName ?? ''}`,
  name,
  type,
  ...(switchName === undefined ? {} : { switchName }),
});

describe('the order', () => {
  test.for<readonly [string, HnsNetwork[], string | undefined, number]>([
    ['switch name beats name', [network('lan', 'NAT'), network('x', 'Overlay', 'lan')], 'lan', 1],
    ['name beats a part of either', [network('x', 'NAT', 'my lan'), network('lan', 'Overlay')], 'lan', 1],
    ['a part beats nothing', [network('nat', 'NAT'), network('my lan 2', 'Overlay')], 'lan', 1],
    [
      'a part of the switch name counts too',
      [network('nat', 'NAT'), network('x', 'Overlay', 'a lan')],
      'lan',
      1,
    ],
    ['NAT wins within one rank', [network('lan', 'ICS'), network('lan', 'nat')], 'lan', 1],
    ['then ICS', [network('lan', 'Overlay'), network('lan', 'ICS')], 'lan', 1],
    [
      'NAT does not make a name a switch name',
      [network('lan', 'NAT'), network('x', 'Overlay', 'lan')],
      'lan',
      1,
    ],
    [
      'case does not count',
      [network('nat', 'NAT'), network('x', 'ICS', 'DEFAULT switch')],
      'Default Switch',
      1,
    ],
    ['ties go to the first', [network('a', 'NAT'), network('b', 'NAT')], undefined, 0],
    ['nothing matches: by type', [network('a', 'Overlay'), network('b', 'ICS')], 'zzz', 1],
    ['an empty name is none', [network('', 'Overlay', ''), network('b', 'NAT')], '', 1],
    ['an asterisk is an asterisk', [network('abc', 'NAT'), network('a*c', 'Overlay')], 'a*c', 1],
    ['a question mark is one too', [network('abc', 'Overlay'), network('b', 'NAT')], 'a?c', 1],
    ['a dot is a dot', [network('abc', 'Overlay'), network('b', 'NAT')], 'a.c', 1],
  ])('%s', ([, networks, wanted, best]) => {
    expect(selectNetwork(networks, wanted)).toBe(networks[best]);
  });

  test('no networks', () => {
    expect(rankNetworks([], 'lan')).toEqual([]);
    expect(() => selectNetwork([], 'lan')).toThrow(
      expect.objectContaining({
        code: 'ERR_CONTAINERV_HNS',
        message: expect.stringMatching(/Networking cannot be configured[^]*New-HnsNetwork/) as string,
      }) as Error,
    );
  });

  test('explains every network', () => {
    const networks = [network('a', 'Overlay'), network('b', 'NAT', 'lan')];
    expect(explain(networks, 'LAN')).toEqual([
      { network: networks[1], score: 320, reason: "switch name is 'lan'; type NAT", selected: true },
      { network: networks[0], score: 0, reason: 'name does not match; type Overlay', selected: false },
    ]);
  });
});

describe('for all networks', () => {
  const word = fc.oneof(fc.constantFrom('lan', 'LAN', 'my lan', 'l', 'nat', '', '*', 'İ'), fc.string());
  const type = fc.oneof(
    fc.constantFrom('NAT', 'nat', 'ICS', 'Overlay', '__proto__', 'constructor'),
    fc.string(),
  );
  const networks = fc.array(
    fc
      .record({ name: word, type, switchName: fc.option(word, { nil: undefined }) })
      .map((each) => network(each.name, each.type, each.switchName)),
  );
  /** 3: switch name, 2: name, 1: part, 0: none; written once more, by the words of the documentation. */
  const closeness = ({ name, switchName }: HnsNetwork, wanted: string): number => {
    const same = (text: string | undefined): boolean => text?.toLowerCase() === wanted.toLowerCase();
    const part = (text: string | undefined): boolean =>
      text?.toLowerCase().includes(wanted.toLowerCase()) === true;
    if (same(switchName)) return 3;
    if (same(name)) return 2;
    return part(switchName) || part(name) ? 1 : 0;
  };

  test('a better name is never behind a better type', () => {
    fc.assert(
      fc.property(
        networks,
        word.filter((text) => text !== ''),
        (all, wanted) => {
          const closenesses = rankNetworks(all, wanted).map((each) => closeness(each.network, wanted));
          expect(closenesses).toEqual(closenesses.toSorted((a, b) => b - a));
        },
      ),
    );
  });

  test('each is there once, and equals stay in their order', () => {
    fc.assert(
      fc.property(networks, fc.option(word, { nil: undefined }), (all, wanted) => {
        const ranked = rankNetworks(all, wanted);
        expect(new Set(ranked.map((each) => each.network))).toEqual(new Set(all));
        expect(ranked).toHaveLength(all.length);
        ranked.slice(1).forEach((each, index) => {
          const before = ranked[index];
          if (before?.score !== each.score) return;
          expect(all.indexOf(before.network)).toBeLessThan(all.indexOf(each.network));
        });
      }),
    );
  });

  test('the input stays as it is', () => {
    fc.assert(
      fc.property(networks, word, (all, wanted) => {
        const before = structuredClone(all);
        rankNetworks(Object.freeze(all), wanted);
        expect(all).toEqual(before);
      }),
    );
  });
});
