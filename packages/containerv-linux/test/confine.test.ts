import {
  compileBrokerFilter,
  compileUnixRefusal,
  createPolicy,
  FsAccess,
  type NetworkRule,
} from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { confine } from '../src/confine.js';
import { chainFilters, confinementOf, filterArch } from '../src/confinement.js';
import { handledRights } from '../src/landlock/file-rights.js';
import { thrownBy } from './support/thrown.js';

const at = (network: 'none' | 'host' | 'private', landlockAbi = 7, sharesProcesses = false) => ({
  network,
  sharesProcesses,
  landlockAbi,
});
const connect: NetworkRule = { family: 'inet', protocol: 'tcp', ports: [443], allow: ['connect'] };

test('without rules a confinement is what the policy compiles to', () => {
  expect(confine(createPolicy('build'), at('host'))).toEqual({
    ...confinementOf('build'),
    ruleset: undefined,
  });
});

describe('network rules', () => {
  const policy = createPolicy('build').addNetworkRules([connect]);

  test.for(['none', 'private'] as const)(
    'are nftables where the network is %s, but for local sockets, which no rule permits',
    (network) => {
      const { filter, ruleset } = confine(policy, at(network));
      const expected = chainFilters(confinementOf(policy).filter, compileUnixRefusal(filterArch()));
      expect(Buffer.from(filter)).toEqual(Buffer.from(expected));
      expect(ruleset).toBeUndefined();
      const withLocal = policy.addNetworkRules([{ family: 'unix' }]);
      expect(confine(withLocal, at(network)).filter).toEqual(confinementOf(withLocal).filter);
    },
  );

  test('on the host’s network narrow the filter, and are a ruleset without files', () => {
    const { filter, filterText, ruleset } = confine(policy, at('host'));
    expect(filter.length).toBeGreaterThan(confinementOf(policy).filter.length);
    expect(Buffer.from(filterText, 'base64')).toEqual(Buffer.from(filter));
    expect(ruleset).toEqual({
      handledFs: 0n,
      handledNet: 3n,
      scoped: 1n,
      paths: [],
      ports: [{ port: 443, rights: 2n }],
    });
  });

  test('and files are one ruleset', () => {
    const { ruleset } = confine(policy.addPaths([], FsAccess.Read), at('host', 7, true));
    expect(ruleset).toMatchObject({ handledFs: handledRights(7), handledNet: 3n, scoped: 3n });
  });

  test('that allow local sockets reach the host’s abstract ones', () => {
    const { ruleset } = confine(createPolicy('minimal').addNetworkRules([{ family: 'unix' }]), at('host'));
    expect(ruleset).toMatchObject({ handledNet: 3n, scoped: 0n });
  });

  test('for single local sockets are for init to judge', () => {
    const single = policy.addNetworkRules([{ family: 'unix', path: '@a', allow: ['connect'] }]);
    const { filter, sockets, ruleset } = confine(single, at('none'));
    expect(filter).toEqual(confinementOf(single).filter);
    expect(ruleset).toBeUndefined();
    expect(sockets).toMatchObject({ packets: true, rules: [{ path: '@a' }, {}, {}] });
    const { pass = 0n, filter: first = new Uint8Array() } = sockets ?? {};
    expect(first).toEqual(compileBrokerFilter({ arch: filterArch(), pass, datagrams: false }));
    const sending = policy.addNetworkRules([{ family: 'unix', path: '@a' }]);
    expect(confine(sending, at('none')).sockets?.filter.length).toBeGreaterThan(first.length - 8 * 20);
    expect(confine(sending, at('none')).sockets?.pass).not.toBe(pass);
  });

  test('that Landlock cannot express, or this kernel’s cannot, are for init to judge', () => {
    const addresses = createPolicy('build').addNetworkRules([{ ...connect, address: '10.0.0.0/8' }]);
    for (const confined of [confine(addresses, at('host')), confine(policy, at('host', 3))]) {
      expect(confined.sockets).toMatchObject({ packets: false, rules: [{ family: 'inet' }] });
      expect(confined.ruleset).toBeUndefined();
    }
    expect(confine(policy, at('host')).sockets).toBeUndefined();
    const changing = addresses.setCapabilities(['CAP_NET_ADMIN']);
    expect(thrownBy(() => confine(changing, at('host')))).toMatchObject({
      code: 'ERR_CONTAINERV_UNSUPPORTED',
    });
  });

  test('of one process are not', () => {
    const addresses = createPolicy('build').addNetworkRules([{ ...connect, address: '10.0.0.0/8' }]);
    const error = thrownBy(() => confine(addresses, { ...at('host'), ofProcess: true }));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check network rules' });
  });

  test.for([
    [0, /has no Landlock/],
    [3, /ABI 3/],
  ] as const)('for ports of a process are an error with Landlock ABI %i', ([abi, text]) => {
    const error = thrownBy(() => confine(policy, { ...at('host', abi), ofProcess: true }));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check network rules' });
    expect(error.summary).toMatch(text);
  });

  test.for<[readonly NetworkRule[]]>([[[]], [[{ family: 'unix' }]], [[{ family: 'inet', protocol: 'tcp' }]]])(
    'that the filter enforces alone need none: %j',
    ([rules]) => {
      const without = confine(createPolicy('build').addNetworkRules(rules), at('host', 0));
      expect(without.ruleset).toBeUndefined();
      expect(without.filter.length).toBeGreaterThan(confinementOf('build').filter.length);
    },
  );
});
