import { describe, expect, test } from 'vitest';
import { createPolicy, FsAccess, Policy, type PolicyJson } from '../../src/index.js';
import { expectInvalid } from '../support/invalid.js';
import { fc } from '../support/property.js';
import { condition } from '../support/rules.js';

const everything = createPolicy('build')
  .extend('network')
  .addPaths(['/workspace'], FsAccess.All)
  .addPaths(['/data'], FsAccess.Read)
  .addSyscalls([
    'setrlimit',
    { names: ['bpf'], action: 'errno', errno: 38, args: [{ index: 0, op: '!=', value: 2n ** 64n - 1n }] },
    {
      names: ['read'],
      action: 'trace',
      errno: 7,
      args: [{ index: 1, op: '<=', value: 70000, mask: 0xfffff }],
    },
    { names: ['ptrace'], action: 'trap', arches: ['arm64'], reason: 'never here' },
  ])
  .addNetworkRules([{ family: 'inet', protocol: 'tcp', address: '10.0.0.0/8', ports: [443, [8000, 8080]] }])
  .setCapabilities(['CAP_CHOWN'])
  .setWindowsIsolation({ appContainer: true, integrityLevel: 'low', capabilitySids: ['S-1-15-3-1'] });

const policies = [
  ...(['minimal', 'build', 'network', 'custom'] as const).map((name) => createPolicy(name)),
  createPolicy('build').setSecurityLevel('strict').addNetworkRules([]).addPaths([], FsAccess.Read),
  everything,
];

describe('a policy as JSON', () => {
  test.for(policies)('$name is the same after being written and read', (policy) => {
    const read = Policy.fromJSON(JSON.stringify(policy));
    expect(read.hash).toBe(policy.hash);
    expect(read.toJSON()).toEqual(policy.toJSON());
    expect([
      read.name,
      read.capabilities,
      read.paths,
      read.networkRules,
      read.securityLevel,
      read.windowsIsolation,
    ]).toEqual([
      policy.name,
      policy.capabilities,
      policy.paths,
      policy.networkRules,
      policy.securityLevel,
      policy.windowsIsolation,
    ]);
    for (const arch of ['x64', 'arm64'] as const)
      expect(read.compileSeccomp({ arch })).toEqual(policy.compileSeccomp({ arch }));
  });

  test('what was read goes on like what was made', () => {
    const read = Policy.fromJSON(createPolicy('build').toJSON());
    expect(read.addSyscalls(['setrlimit']).hash).toBe(createPolicy('build').addSyscalls(['setrlimit']).hash);
    expect(read.addPaths(['/w'], 1).paths).toEqual(createPolicy('build').addPaths(['/w'], 1).paths);
  });

  test('conditions keep all of their 64 bits', () => {
    fc.assert(
      fc.property(condition, ({ index, op, value, mask }) => {
        const policy = createPolicy('custom').addSyscalls([
          { names: ['bpf'], args: [{ index, op, value, mask }] },
        ]);
        expect(Policy.fromJSON(JSON.stringify(policy)).hash).toBe(policy.hash);
      }),
    );
  });

  test('is for people too: names, words, hexadecimal', () => {
    const { syscalls, files } = everything.toJSON();
    expect(syscalls.rules).toContainEqual({
      names: ['read'],
      action: 'trace',
      errno: 7,
      args: [{ index: 1, op: '<=', value: '0x11170', mask: '0xfffff' }],
    });
    expect(files.added).toEqual([
      { path: '/data', access: ['read'] },
      { path: '/workspace', access: ['read', 'write', 'execute'] },
    ]);
  });
});

describe('hostile JSON', () => {
  const good = createPolicy('minimal').toJSON();
  const json = (change: object): unknown => ({ ...good, ...change });
  const rules = (...list: unknown[]): unknown => json({ syscalls: { ...good.syscalls, rules: list } });

  test.for<[string, unknown, RegExp]>([
    ['no JSON', '{', /The policy is no JSON/],
    ['nothing', '', /The policy is no JSON/],
    ['null', 'null', /`policy` to be an object, got `null`/],
    ['a list', '[]', /`policy` to be an object, got an array of 0/],
    ['undefined', undefined, /`policy` to be an object/],
    ['a function', () => good, /`policy` to be an object, got a function/],
    ['too long', ' '.repeat(2 ** 20 + 1), /1048577 characters of JSON/],
    ['too deep', `${'['.repeat(300_000)}${']'.repeat(300_000)}`, /policy/],
    [
      'deep inside',
      `{"version":1,"name":${'['.repeat(300_000)}${']'.repeat(300_000)}}`,
      /`name` to be a string/,
    ],
    ['empty', {}, /`version` to be 1/],
    ['another version', json({ version: 2 }), /`version` to be 1, the only version/],
    [
      '__proto__',
      JSON.stringify(good).replace('{', '{"__proto__":{"version":1},'),
      /Unknown key `"__proto__"`/,
    ],
    [
      '__proto__ inside',
      JSON.stringify(good).replace('"files":{', '"files":{"__proto__":{},'),
      /"__proto__".*`files`/,
    ],
    ['an unknown key', json({ sycalls: [] }), /Unknown key `"sycalls"`.*Did you mean `syscalls`/],
    ['an unknown level', json({ securityLevel: 'loose' }), /`securityLevel`/],
    ['a control character in the name', json({ name: 'a\u001b[2J' }), /`name`.*control characters/],
    ['no syscalls', json({ syscalls: undefined }), /`syscalls` to be an object/],
    [
      'no rules',
      json({ syscalls: { ...good.syscalls, rules: undefined } }),
      /`syscalls.rules` to be an array/,
    ],
    [
      'no default',
      json({ syscalls: { ...good.syscalls, defaultAction: undefined } }),
      /`syscalls.default.action`/,
    ],
    [
      'an unknown action',
      json({ syscalls: { ...good.syscalls, defaultAction: 'ALLOW' } }),
      /`syscalls.default.action`/,
    ],
    [
      'an unknown syscall',
      rules({ names: ['raed'] }),
      /`syscalls.rules\[0\].names\[0\]`.*Did you mean `read`/,
    ],
    [
      'contradictory rules',
      rules({ names: ['read'] }, { names: ['read'], action: 'kill' }),
      /Contradictory rules for `read`/,
    ],
    ['a rule that is none', rules(null), /`syscalls.rules\[0\]` to be an object/],
    ['too many rules', rules(...Array.from({ length: 5000 }, () => ({ names: [] }))), /at most 4096/],
    [
      'a capability that is none',
      json({ capabilities: ['CAP_ALL'] }),
      /`capabilities\[0\]`: unknown capability/,
    ],
    ['capabilities that are none', json({ capabilities: 'all' }), /`capabilities` to be an array/],
    ['no files', json({ files: undefined }), /`files` to be an object/],
    ['files not said to be confined', json({ files: { system: [] } }), /`files.confined` to be a boolean/],
    [
      'added but not confined',
      json({ files: { confined: false, system: [], added: [] } }),
      /`files.confined`/,
    ],
    [
      'a relative path',
      json({ files: { confined: true, system: [{ path: 'a', access: [] }] } }),
      /absolute path/,
    ],
    [
      'access in bits',
      json({ files: { confined: true, system: [{ path: '/a', access: 7 }] } }),
      /access` to be an array/,
    ],
    ['a bad network rule', json({ network: [{ family: 'inet', ports: [0] }] }), /`network\[0\].ports\[0\]`/],
    ['network rules that are none', json({ network: {} }), /`network` to be an array/],
    ['a level that excludes its rules', { ...everything.toJSON(), securityLevel: 'strict' }, /Contradictory/],
  ])('%s', ([, hostile, message]) => {
    expectInvalid(() => Policy.fromJSON(hostile), message);
  });

  test('nothing reaches Object.prototype', () => {
    const text = JSON.stringify(good).replace(
      '{',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
    );
    expectInvalid(() => Policy.fromJSON(text), /Unknown key/);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('whatever one value is replaced with, the answer is a policy or the named error', () => {
    const paths = pathsOf(good);
    const junk = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 2 }),
      fc.constantFrom(-1, NaN, '', 2 ** 53),
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), junk, (path, value) => {
        const changed = structuredClone(good) as unknown as Record<string, unknown>;
        const parent = path
          .slice(0, -1)
          .reduce((object, key) => object[key] as Record<string, unknown>, changed);
        parent[path.at(-1) ?? ''] = value;
        try {
          expect(Policy.fromJSON(changed)).toBeInstanceOf(Policy);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_CONTAINERV_INVALID_POLICY' });
          expect((error as Error).message.length).toBeLessThan(1000);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

/** The place of every value inside, as keys from the root. */
function pathsOf(value: PolicyJson): readonly (readonly string[])[] {
  const walk = (node: unknown): string[][] =>
    typeof node !== 'object' || node === null
      ? []
      : Object.entries(node).flatMap(([key, inner]) => [[key], ...walk(inner).map((rest) => [key, ...rest])]);
  return walk(value);
}
