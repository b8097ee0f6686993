import { describe, expect, test } from 'vitest';
import { createPolicy } from '../src/index.js';
import { expectInvalid } from './support/invalid.js';

const add = (...rules: unknown[]): (() => unknown) => {
  const policy = createPolicy('build');
  return () => policy.addSyscalls(rules as never);
};
const condition = (own: object): unknown => ({
  names: ['read'],
  args: [{ index: 0, op: '==', value: 1, ...own }],
});

describe('syscalls that nobody knows', () => {
  test.for([
    [['setrlimi'], /`syscalls\[0\]`: unknown syscall `"setrlimi"`.*Did you mean `setrlimit`\?/],
    [['read', 'SYS_write'], /`syscalls\[1\]`: unknown syscall/],
    [['_llseek'], /exists on other architectures only/],
    [[''], /unknown syscall `""`/],
    [[42], /Expected `syscalls\[0\]` to be an object, got `42`/],
    [[null], /got `null`/],
    [[{ names: ['raed'] }], /`syscalls\[0\].names\[0\]`.*Did you mean `read`/],
    [[{ names: 'read' }], /`syscalls\[0\].names` to be an array/],
    [[{ name: ['read'] }], /Unknown key `"name"` \(string\) in `syscalls\[0\]`. Did you mean `names`/],
    [[{ names: ['toString'] }], /unknown syscall `"toString"`/],
    [[{ names: ['x'.repeat(1_000_000)] }], /unknown syscall `"x{80}\.\.\."/],
  ] as const)('%j', ([list, message]) => {
    expectInvalid(add(...list), message);
  });

  test('lists that are none', () => {
    expectInvalid(() => createPolicy('build').addSyscalls('read' as never), /`syscalls` to be an array/);
    expectInvalid(
      () => createPolicy('build').addSyscalls(Array.from({ length: 5000 }, () => 'read')),
      /at most 4096/,
    );
    const holes: string[] = [];
    holes[1] = 'read';
    expectInvalid(
      () => createPolicy('build').addSyscalls(holes),
      /`syscalls\[0\]` to be an object, got `undefined`/,
    );
  });
});

describe('conditions that mean nothing', () => {
  test.for([
    [{ index: 6 }, /`syscalls\[0\].args\[0\].index` to be a whole number from 0 to 5/],
    [{ index: '0' }, /index/],
    [{ op: '=' }, /`syscalls\[0\].args\[0\].op` to be one of/],
    [{ value: -1 }, /from 0 to 2\^64-1/],
    [{ value: 1.5 }, /from 0 to 2\^64-1/],
    [{ value: 2 ** 60 }, /from 0 to 2\^64-1/],
    [{ value: 2n ** 64n }, /from 0 to 2\^64-1/],
    [{ value: '0x1ffffffffffffffff' }, /from 0 to 2\^64-1/],
    [{ value: '99999999999999999999' }, /from 0 to 2\^64-1/],
    [{ value: 'abc' }, /from 0 to 2\^64-1/],
    [{ value: undefined }, /from 0 to 2\^64-1/],
    [{ mask: 0 }, /mask` is 0/],
    [{ value: 0x100, mask: 0xff }, /bits outside `mask`/],
    [{ value: 0x100, mask: 0xff, op: '<' }, /bits outside `mask`/],
    [{ vlaue: 1 }, /Did you mean `value`/],
  ] as const)('%o', ([own, message]) => {
    expectInvalid(add(condition(own)), message);
  });
});

test('more conditions than a filter could hold', () => {
  const args = Array.from({ length: 65 }, (_, at) => ({
    index: 0,
    op: '!=' as const,
    value: at * 65_537_003,
    mask: 0xffffffff,
  }));
  expectInvalid(add({ names: ['bpf'], args }), /`syscalls\[0\].args` to be an array of at most 64 entries/);
  const policy = createPolicy('build').addSyscalls([{ names: ['bpf'], args: args.slice(1) }]);
  const verdicts = [0, 1, 64, 65].map((at) =>
    policy.check({ syscall: 'bpf', args: [at * 65_537_003], arch: 'x64' }),
  );
  expect(verdicts).toEqual(['allow', 'errno', 'errno', 'allow']);
  expectInvalid(() => policy.toOciSeccomp(), /too many exceptions/);
});

describe('actions', () => {
  test.for([
    [{ action: 'deny' }, /`syscalls\[0\].action` to be one of 'allow', 'log'/],
    [{ action: 'errno', errno: 4096 }, /from 0 to 4095/],
    [{ action: 'errno', errno: -1 }, /from 0 to 4095/],
    [{ action: 'errno', errno: 'EPERM' }, /from 0 to 4095/],
    [{ action: 'kill', errno: 1 }, /means nothing with the action 'kill'/],
    [{ errno: 1 }, /means nothing with the action 'allow'/],
    [{ action: 'trace', errno: 65536 }, /from 0 to 65535/],
    [{ arches: ['amd64'] }, /`syscalls\[0\].arches\[0\]` to be one of 'x64', 'arm64'/],
    [{ reason: 'a\nb' }, /`syscalls\[0\].reason`.*newline/],
  ] as const)('%j', ([own, message]) => {
    expectInvalid(add({ names: ['read'], ...own }), message);
  });
});

describe('contradictions', () => {
  test.for([
    [['clone3'], /Contradictory rules for `clone3`: 'allow' could never apply, 'errno 38' decides first/],
    [[{ names: ['read'], action: 'errno' }], /Contradictory rules for `read`: 'allow' could never apply/],
    [[{ names: ['mount'], action: 'kill' }, 'mount'], /Contradictory rules for `mount`/],
    [
      [
        { names: ['mount'], action: 'errno', errno: 1 },
        { names: ['mount'], action: 'errno', errno: 38 },
      ],
      /'errno 38' could never apply, 'errno 1' decides first/,
    ],
    [
      [
        { names: ['bpf'], args: [{ index: 0, op: '==', value: 1 }] },
        { names: ['bpf'], action: 'kill', args: [{ index: 0, op: '==', value: '0x1' }] },
      ],
      /Contradictory rules for `bpf`/,
    ],
  ] as const)('%j', ([rules, message]) => {
    expectInvalid(add(...rules), message);
  });

  test('a stricter rule for some arguments is none', () => {
    const policy = createPolicy('build').addSyscalls([
      { names: ['read'], action: 'kill', args: [{ index: 0, op: '==', value: 9 }] },
    ]);
    const check = (fd: number): string => policy.check({ syscall: 'read', args: [fd], arch: 'x64' });
    expect([check(9), check(8)]).toEqual(['kill', 'allow']);
  });

  test('too large a filter is refused when it is compiled', () => {
    const policy = createPolicy('build').addSyscalls(
      Array.from({ length: 3000 }, (_, at) => ({
        names: ['bpf'],
        args: [{ index: 0, op: '==' as const, value: BigInt(at) << 20n }],
      })),
    );
    expectInvalid(
      () => policy.compileSeccomp({ arch: 'x64' }),
      /compiles to \d+ instructions; the kernel takes at most 4096/,
    );
  });
});
