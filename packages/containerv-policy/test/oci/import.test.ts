import { describe, expect, test } from 'vitest';
import { createPolicy, type OciImportOptions, Policy, type SyscallCall } from '../../src/index.js';
import { expectInvalid } from '../support/invalid.js';
import { profile } from './fixture.js';

const check = (
  policy: Policy,
  syscall: string,
  args: SyscallCall['args'] = [],
  arch: 'x64' | 'arm64' = 'x64',
): string => policy.check({ syscall, args, arch });
const read = (options: OciImportOptions = {}): Policy => Policy.fromOciSeccomp(profile, options);

describe('importing a profile', () => {
  test('as an object or as text', () => {
    expect(read().hash).toBe(Policy.fromOciSeccomp(JSON.stringify(profile)).hash);
    expect([read().name, read().paths, read().networkRules]).toEqual([
      'oci',
      createPolicy('custom').paths,
      undefined,
    ]);
    expect(read({ name: 'docker' }).name).toBe('docker');
  });

  test('takes actions over', () => {
    const names = ['read', 'getpid', 'kexec_load', 'uselib', 'vserver', 'security', 'clone3', 'bpf'];
    expect(names.map((name) => check(read(), name))).toEqual([
      'allow',
      'log',
      'kill',
      'kill',
      'kill',
      'errno',
      'errno',
      'errno',
    ]);
    expect(read().check({ syscall: 999, arch: 'x64' })).toBe('errno');
  });

  test('takes conditions over', () => {
    expect([check(read(), 'socket', [40]), check(read(), 'socket', [2])]).toEqual(['errno', 'allow']);
    expect([0, 8, 131072, 0xffffffff, 1].map((value) => check(read(), 'personality', [value]))).toEqual([
      'allow',
      'allow',
      'allow',
      'allow',
      'errno',
    ]);
    expect([
      check(read(), 'clone', [17]),
      check(read(), 'clone', [0x10000000]),
      check(read(), 'clone', [17n | (1n << 40n)]),
    ]).toEqual(['allow', 'errno', 'allow']);
  });

  test('asks the container for capabilities, and gives them to the policy', () => {
    expect(read().capabilities).toEqual([]);
    const admin = read({ capabilities: ['CAP_SYS_ADMIN'] });
    expect(admin.capabilities).toEqual(['CAP_SYS_ADMIN']);
    for (const name of ['mount', 'setns', 'clone3'])
      expect([name, check(read(), name), check(admin, name)]).toEqual([name, 'errno', 'allow']);
    expect(check(admin, 'clone', [0x10000000])).toBe('allow');
    expect(check(admin, 'chroot')).toBe('errno');
    expect(check(read({ capabilities: ['CAP_SYS_CHROOT'] }), 'chroot')).toBe('allow');
  });

  test('asks for the kernel', () => {
    expect([check(read(), 'ptrace'), check(read({ kernel: '4.7' }), 'ptrace')]).toEqual(['allow', 'errno']);
    expect(check(read(), 'io_uring_setup')).toBe('errno');
    for (const [kernel, verdict] of [
      ['5.9.99', 'errno'],
      ['5.10', 'allow'],
      ['5.10.0-9-amd64', 'allow'],
      ['6.1', 'allow'],
      ['10.0', 'allow'],
    ] as const)
      expect([kernel, check(read({ kernel }), 'io_uring_setup')]).toEqual([kernel, verdict]);
  });

  test('keeps rules of one architecture there', () => {
    expect(check(read(), 'arch_prctl')).toBe('allow');
    const other = Policy.fromOciSeccomp({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['arm64'] } },
        { names: ['write'], action: 'SCMP_ACT_ALLOW', excludes: { arches: ['arm64'] } },
      ],
    });
    expect([check(other, 'read'), check(other, 'read', [], 'arm64')]).toEqual(['errno', 'allow']);
    expect([check(other, 'write'), check(other, 'write', [], 'arm64')]).toEqual(['allow', 'errno']);
  });

  test('where rules disagree the strictest wins: setns is in the general list and denied without SYS_ADMIN', () => {
    expect(check(read(), 'setns')).toBe('errno');
    expect(check(read(), 'reboot')).toBe('allow');
  });

  test('a profile that allows by default also allows what nobody knows yet', () => {
    const open = Policy.fromOciSeccomp({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }],
    });
    expect([check(open, 'mount'), check(open, 'bpf'), open.check({ syscall: 999, arch: 'x64' })]).toEqual([
      'errno',
      'allow',
      'allow',
    ]);
    const kill = Policy.fromOciSeccomp({ defaultAction: 'SCMP_ACT_KILL' });
    expect([check(kill, 'read'), kill.check({ syscall: 999, arch: 'x64' })]).toEqual(['kill', 'kill']);
  });

  test('errno may be named, and 0 pretends success', () => {
    const policy = Policy.fromOciSeccomp({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrno: 'ENOSYS',
      defaultErrnoRet: 38,
      syscalls: [{ names: ['chown'], action: 'SCMP_ACT_ERRNO', errnoRet: 0 }],
    });
    expect(policy.toJSON().syscalls).toMatchObject({
      defaultErrno: 38,
      rules: [{ names: ['chown'], errno: 0 }],
    });
  });
});

describe('profiles that are refused', () => {
  const rule = (own: object): unknown => ({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW', ...own }],
  });
  const arg = (own: object): unknown => rule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...own }] });

  test.for<[string, unknown, RegExp]>([
    ['no default', {}, /`profile.default.action` to be one of/],
    ['an unknown default', { defaultAction: 'SCMP_ACT_DENY' }, /got `"SCMP_ACT_DENY"`/],
    ['an unknown action', rule({ action: 'ALLOW' }), /`syscalls\[0\].action`/],
    ['a supervisor', rule({ action: 'SCMP_ACT_NOTIFY' }), /needs a supervisor/],
    [
      'a listener',
      { defaultAction: 'SCMP_ACT_ERRNO', listenerPath: '/run/x' },
      /`listenerPath` needs SCMP_ACT_NOTIFY/,
    ],
    ['an unknown syscall', rule({ names: ['raed'] }), /`syscalls\[0\].names\[0\]`.*Did you mean `read`/],
    ['no names', rule({ names: undefined }), /`syscalls\[0\].names` to be an array/],
    ['an unknown comparison', arg({ op: 'SCMP_CMP_EQUAL' }), /`syscalls\[0\].args\[0\].op`/],
    ['an argument too many', arg({ index: 6 }), /`syscalls\[0\].args\[0\].index`/],
    ['a value that lost precision', arg({ value: 2 ** 64 }), /`syscalls\[0\].args\[0\].value`/],
    ['a mask of nothing', arg({ value: 0, op: 'SCMP_CMP_MASKED_EQ' }), /mask` is 0/],
    ['bits outside the mask', arg({ value: 1, valueTwo: 2, op: 'SCMP_CMP_MASKED_EQ' }), /outside `mask`/],
    [
      'two conditions on one argument',
      rule({ args: [1, 2].map((value) => ({ index: 0, value, op: 'SCMP_CMP_NE' })) }),
      /two conditions on argument 0/,
    ],
    ['errno out of range', rule({ action: 'SCMP_ACT_ERRNO', errnoRet: 12345 }), /from 0 to 4095/],
    ['an unknown errno', rule({ action: 'SCMP_ACT_ERRNO', errno: 'EWHAT' }), /an error name like/],
    ['two errnos', rule({ action: 'SCMP_ACT_ERRNO', errno: 'EPERM', errnoRet: 38 }), /contradicts itself/],
    [
      'an unknown flag',
      { defaultAction: 'SCMP_ACT_ERRNO', flags: ['SECCOMP_FILTER_FLAG_LOG'] },
      /`flags\[0\]`/,
    ],
    [
      'an odd architecture',
      { defaultAction: 'SCMP_ACT_ERRNO', architectures: ['amd64'] },
      /`architectures\[0\]`/,
    ],
    ['an odd kernel', rule({ includes: { minKernel: 'new' } }), /`syscalls\[0\].includes.minKernel`/],
    ['an unknown condition', rule({ includes: { cap: [] } }), /Did you mean `caps`/],
    ['an unknown key', { ...profile, syscals: [] }, /Did you mean `syscalls`/],
    ['__proto__', '{"defaultAction":"SCMP_ACT_ERRNO","__proto__":{}}', /"__proto__"/],
    ['no JSON', '{', /no JSON/],
  ])('%s', ([, bad, message]) => {
    expectInvalid(() => Policy.fromOciSeccomp(bad), message);
  });

  test('bad options', () => {
    expectInvalid(
      () => read({ capabilities: ['SYS_ADMIN' as 'CAP_SYS_ADMIN'] }),
      /`options.capabilities\[0\]`/,
    );
    expectInvalid(() => read({ kernel: 'x' }), /`options.kernel`/);
    expectInvalid(() => read({ kernal: '5.0' } as never), /Did you mean `kernel`/);
  });

  test('names of a newer kernel can be left out on request only', () => {
    const newer = rule({ names: ['read', 'not_invented_yet'] });
    expectInvalid(() => Policy.fromOciSeccomp(newer), /not_invented_yet/);
    expect(check(Policy.fromOciSeccomp(newer, { ignoreUnknownSyscalls: true }), 'read')).toBe('allow');
  });
});
