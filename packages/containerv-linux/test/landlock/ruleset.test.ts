import { createPolicy, FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { handledRights, rightsOf } from '../../src/landlock/file-rights.js';
import { rulesetOf } from '../../src/landlock/ruleset.js';
import { encodeRuleset } from '../../src/landlock/write-ruleset.js';
import { PathOrigin } from '../../src/protocol.js';
import { WireReader } from '../../src/wire.js';

const { Read, All } = FsAccess;
const APART = { network: false, processes: false };
const policy = createPolicy('custom').addPaths(['/data'], Read);

describe('there is no ruleset', () => {
  test.for([
    ['for a policy that confines no files', createPolicy('build'), 7],
    ['where the whole root may be used', createPolicy('minimal').addPaths(['/'], All), 7],
    ['on a kernel without Landlock', policy, 0],
  ] as const)('%s', ([, unconfined, abi]) => {
    expect(rulesetOf(unconfined, abi, APART)).toBeUndefined();
  });
});

test('a policy that allows nothing has one, without rules', () => {
  expect(rulesetOf(createPolicy('custom').addPaths([], All), 3, APART)).toEqual({
    handledFs: handledRights(3),
    handledNet: 0n,
    scoped: 0n,
    paths: [],
    ports: [],
  });
});

test('reading the whole root confines all the same', () => {
  const { paths } = rulesetOf(createPolicy('custom').addPaths(['/'], Read), 7, APART) ?? {};
  expect(paths).toEqual([{ path: '/', rights: rightsOf(Read, 7), origin: 'named' }]);
});

test.for([
  [5, true, true, 0n],
  [6, false, false, 0n],
  [6, true, false, 1n],
  [6, false, true, 2n],
  [7, true, true, 3n],
] as const)(
  'ABI %i, sharing the network: %s, processes: %s: scopes %i',
  ([abi, network, processes, scoped]) => {
    expect(rulesetOf(policy, abi, { network, processes })?.scoped).toBe(scoped);
  },
);

test('what the base policies list may be missing, what somebody named is missed, and required at `strict`', () => {
  const named = createPolicy('build').addPaths(['/data'], Read);
  const originOf = (path: string, strict: boolean): string | undefined => {
    const ruleset = rulesetOf(strict ? named.setSecurityLevel('strict') : named, 7, APART);
    return ruleset?.paths.find((rule) => rule.path === path)?.origin;
  };
  expect(originOf('/lib32', false)).toBe('base');
  expect(originOf('/lib32', true)).toBe('base');
  expect(originOf('/data', false)).toBe('named');
  expect(originOf('/data', true)).toBe('required');
});

test('the fields are in the order in which init reads them', () => {
  const encoded = encodeRuleset({
    handledFs: 1n,
    handledNet: 2n,
    scoped: 3n,
    paths: [
      { path: '/a', rights: 4n, origin: 'required' },
      { path: '/b', rights: 5n, origin: 'base' },
    ],
    ports: [{ port: 443, rights: 6n }],
  });
  const reader = new WireReader(Buffer.from(encoded));
  expect([reader.u64(), reader.u64(), reader.u64(), reader.u32()]).toEqual([1, 2, 3, 2]);
  expect([reader.text(), reader.u64(), reader.u32()]).toEqual(['/a', 4, PathOrigin.PathRequired]);
  expect([reader.text(), reader.u64(), reader.u32()]).toEqual(['/b', 5, PathOrigin.PathOfBase]);
  expect([reader.u32(), reader.u64(), reader.u64()]).toEqual([1, 443, 6]);
  expect(() => reader.u32()).toThrow(RangeError);
});

test('no ruleset is no bytes', () => {
  expect(encodeRuleset(undefined)).toHaveLength(0);
});
