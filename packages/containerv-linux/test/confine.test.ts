import { compileUnixRefusal, createPolicy, FsAccess, type NetworkRule } from 'containerv-policy';
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

  test.for([
    [0, /has no Landlock/],
    [3, /ABI 3/],
  ] as const)('for ports are an error with Landlock ABI %i', ([abi, text]) => {
    const error = thrownBy(() => confine(policy, at('host', abi)));
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
