import type { SecurityPolicy } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { createPolicy, FsAccess, Policy } from '../src/index.js';
import { expectInvalid } from './support/invalid.js';

const compile = (policy: Policy): string =>
  Buffer.from(policy.compileSeccomp({ arch: 'x64', log: false })).toString('hex');

describe('a policy is a value', () => {
  test('every change gives another policy and leaves the first as it was', () => {
    const policy = createPolicy('build');
    const before = JSON.stringify(policy);
    const changed = [
      policy.extend('network'),
      policy.addPaths(['/workspace'], FsAccess.All),
      policy.addSyscalls(['setrlimit']),
      policy.removeSyscalls(['personality']),
      policy.addNetworkRules([]),
      policy.setCapabilities([]),
      policy.setSecurityLevel('strict'),
      policy.setWindowsIsolation({ appContainer: true }),
    ];
    expect(JSON.stringify(policy)).toBe(before);
    expect(new Set([policy, ...changed].map(({ hash }) => hash)).size).toBe(changed.length + 1);
  });

  test('what it hands out cannot be changed', () => {
    const policy = createPolicy('build').addNetworkRules([{ family: 'unix', path: '@x' }]);
    expect(Object.isFrozen(policy)).toBe(true);
    expect(() => (policy.networkRules as unknown[]).push({})).toThrow(TypeError);
    (policy.paths as unknown[]).pop();
    (policy.capabilities as unknown[]).pop();
    for (let time = 0; time < 3; time++) policy.compileSeccomp({ arch: 'x64', log: false }).fill(0);
    expect(policy.check({ syscall: 'read', arch: 'x64' })).toBe('allow');
    expect(policy.paths).toEqual([{ path: '/', access: FsAccess.All }]);
    expect(policy.capabilities).toContain('CAP_SETUID');
    expect(compile(policy)).toBe(compile(Policy.fromJSON(policy.toJSON())));
  });

  test('what was passed in may change afterwards', () => {
    const ports = [443];
    const policy = createPolicy('build').addNetworkRules([{ family: 'inet', ports, allow: ['connect'] }]);
    ports.push(80);
    expect(policy.networkRules).toEqual([{ family: 'inet', ports: [443], allow: ['connect'] }]);
  });

  test('is what drivers take', () => {
    const policy: SecurityPolicy = createPolicy('build');
    expect(policy.compileSeccomp({ arch: 'x64' }).length % 8).toBe(0);
  });

  test('there is no way around createPolicy', () => {
    expect(() => Reflect.construct(Policy as never, [{}])).toThrow();
  });
});

describe('createPolicy', () => {
  test.for(['minimal', 'build', 'network', 'custom'] as const)(
    '%s has its name and the default level',
    (name) => {
      const policy = createPolicy(name);
      expect([policy.name, policy.securityLevel, policy.networkRules, policy.windowsIsolation]).toEqual([
        name,
        'default',
        undefined,
        undefined,
      ]);
    },
  );

  test.for([
    ['custom', []],
    ['minimal', []],
    ['network', ['CAP_NET_BIND_SERVICE']],
    [
      'build',
      ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID'],
    ],
  ] as const)('%s has the capabilities %s', ([name, capabilities]) => {
    expect(createPolicy(name).capabilities).toEqual(capabilities);
  });

  test.for([
    ['biuld', /Did you mean `build`\?/],
    ['', /one of 'minimal'/],
    [undefined, /`undefined`/],
    [{}, /an object/],
  ] as const)('rejects %s', ([name, message]) => {
    expectInvalid(() => createPolicy(name as 'build'), message);
  });

  test('rejects names of Object.prototype', () => {
    for (const name of ['constructor', '__proto__', 'toString'])
      expectInvalid(() => createPolicy(name as 'build'), /base/);
  });
});

describe('extend', () => {
  const both = createPolicy('build').extend('network');

  test('allows what either allows', () => {
    expect(both.name).toBe('build+network');
    expect(both.capabilities).toEqual([...createPolicy('build').capabilities, 'CAP_NET_BIND_SERVICE']);
    for (const args of [
      [1, 1, 0],
      [2, 1, 6],
      [10, 2, 17],
    ])
      expect(both.check({ syscall: 'socket', args, arch: 'x64' })).toBe('allow');
    expect(both.check({ syscall: 'fork', arch: 'x64' })).toBe('allow');
    expect(both.check({ syscall: 'clone', args: [17], arch: 'arm64' })).toBe('allow');
  });

  test('gives the same whatever the order, and nothing new for the same again', () => {
    expect(compile(createPolicy('network').extend('build'))).toBe(compile(both));
    expect(compile(both.extend(both).extend('minimal'))).toBe(compile(both));
    expect(both.extend('build').name).toBe('build+network');
  });

  test('keeps restrictions that somebody made', () => {
    const confined = createPolicy('network').addPaths(['/srv'], FsAccess.Read).addNetworkRules([]);
    const extended = confined.setSecurityLevel('restricted').extend('build');
    expect(extended.paths).toContainEqual({ path: '/srv', access: FsAccess.Read });
    expect(extended.paths).not.toContainEqual({ path: '/', access: FsAccess.All });
    expect(extended.networkRules).toEqual([]);
    expect(extended.securityLevel).toBe('restricted');
    expect(createPolicy('build').extend(confined).paths).toEqual(extended.paths);
  });

  test('does not combine different defaults', () => {
    const open = Policy.fromOciSeccomp({ defaultAction: 'SCMP_ACT_ALLOW' });
    expectInvalid(() => createPolicy('build').extend(open), /cannot be combined/);
  });
});

describe('addSyscalls', () => {
  test('by name', () => {
    const policy = createPolicy('build');
    expect(policy.check({ syscall: 'setrlimit' })).toBe('errno');
    expect(policy.addSyscalls(['setrlimit']).check({ syscall: 'setrlimit' })).toBe('allow');
  });

  test('by rule with conditions, all of which must hold', () => {
    const policy = createPolicy('custom').addSyscalls([
      {
        names: ['ioctl'],
        args: [
          { index: 1, op: '==', value: 0x5401, mask: 0xffffffff },
          { index: 0, op: '<', value: 3n },
        ],
      },
    ]);
    const check = (...args: (number | bigint)[]): string =>
      policy.check({ syscall: 'ioctl', args, arch: 'x64' });
    expect([
      check(0, 0x5401),
      check(2, 0x5401n + (7n << 32n)),
      check(3, 0x5401),
      check(-1, 0x5401),
      check(0, 1),
    ]).toEqual(['allow', 'allow', 'errno', 'errno', 'errno']);
  });

  test('with another action', () => {
    const policy = createPolicy('custom').addSyscalls([
      { names: ['mount'], action: 'kill' },
      { names: ['ptrace'], action: 'trap' },
      { names: ['getpid'], action: 'log' },
      { names: ['bpf'], action: 'errno', errno: 38 },
      { names: ['setns'], action: 'trace', errno: 7 },
    ]);
    const check = (syscall: string): string => policy.check({ syscall, arch: 'x64' });
    expect(['mount', 'ptrace', 'getpid', 'bpf', 'setns'].map(check)).toEqual([
      'kill',
      'kill',
      'log',
      'errno',
      'errno',
    ]);
  });

  test('on one architecture', () => {
    const policy = createPolicy('custom').addSyscalls([{ names: ['read'], arches: ['arm64'] }]);
    expect(policy.check({ syscall: 'read', arch: 'arm64' })).toBe('allow');
    expect(policy.check({ syscall: 'read', arch: 'x64' })).toBe('errno');
  });

  test('empty lists allow nothing', () => {
    const policy = createPolicy('custom');
    const same = policy.addSyscalls([]).addSyscalls([{ names: [] }, { names: ['read'], arches: [] }]);
    expect(compile(same)).toBe(compile(policy));
  });
});

describe('removeSyscalls', () => {
  test('denies what was allowed', () => {
    const policy = createPolicy('build').removeSyscalls(['personality', 'clone']);
    expect(policy.check({ syscall: 'personality', args: [0] })).toBe('errno');
    expect(policy.check({ syscall: 'clone', args: [17] })).toBe('errno');
    expect(policy.extend('build').check({ syscall: 'personality', args: [0] })).toBe('allow');
  });

  test('refuses what nothing could start or end without, and what is not there', () => {
    expectInvalid(
      () => createPolicy('build').removeSyscalls(['execve']),
      /`execve` cannot be removed: no process/,
    );
    expectInvalid(
      () => createPolicy('build').removeSyscalls(['ptrace']),
      /`ptrace` cannot be removed: no rule/,
    );
  });
});

describe('check', () => {
  const policy = createPolicy('minimal');

  test('takes names and numbers, of the architecture asked for', () => {
    expect(policy.check({ syscall: 'openat', arch: 'arm64' })).toBe('allow');
    expect(policy.check({ syscall: 56, arch: 'arm64' })).toBe('allow');
    expect(policy.check({ syscall: 2, arch: 'x64' })).toBe('allow');
    expect(policy.check({ syscall: 0x40000002, arch: 'x64' })).toBe('kill');
  });

  test('with log asks the log-and-allow program', () => {
    expect(policy.check({ syscall: 'fork', arch: 'x64', log: true })).toBe('log');
  });

  test.for([
    [{ syscall: 'open', arch: 'arm64' }, /arm64 has no `open`/],
    [{ syscall: 'opne', arch: 'x64' }, /Did you mean `open`\?/],
    [{ syscall: 'constructor', arch: 'x64' }, /unknown syscall/],
    [{ syscall: -1 }, /from 0 to 4294967295/],
    [{ syscall: 'read', args: [0.5] }, /`call.args\[0\]`/],
    [{ syscall: 'read', args: [2n ** 64n] }, /`call.args\[0\]`/],
    [{ syscall: 'read', args: [1, 2, 3, 4, 5, 6, 7] }, /at most six/],
    [{ syscall: 'read', arch: 'x86' }, /one of 'x64', 'arm64'/],
    [{ syscall: 'read', arg: [] }, /Did you mean `args`\?/],
    [{}, /unknown syscall `undefined`/],
  ] as const)('rejects %o', ([call, message]) => {
    expectInvalid(() => policy.check(call as never), message);
  });
});

describe('compileSeccomp', () => {
  test('needs an architecture', () => {
    for (const options of [
      {},
      { arch: 'ia32' },
      { arch: 'x64', log: 1 },
      { arch: 'x64', lgo: true },
      undefined,
    ])
      expectInvalid(() => createPolicy('build').compileSeccomp(options as never), /options/);
  });

  test('is memoised by content, for equal policies made apart', () => {
    const make = (): Policy => createPolicy('custom').addSyscalls([{ names: ['read'], reason: 'a' }]);
    const [first, second] = [make(), make()];
    expect(compile(first)).toBe(compile(second));
    expect(compile(first.addSyscalls(['write']))).not.toBe(compile(first));
    expect(Buffer.from(first.compileSeccomp({ arch: 'arm64' }))).not.toEqual(
      Buffer.from(first.compileSeccomp({ arch: 'x64' })),
    );
  });

  test('logs only where CONTAINERV_SECCOMP_LOG is exactly 1, unless told', () => {
    const policy = createPolicy('build');
    const hex = (log?: boolean): string =>
      Buffer.from(policy.compileSeccomp({ arch: 'x64', ...(log === undefined ? {} : { log }) })).toString(
        'hex',
      );
    const [enforced, logged] = [hex(false), hex(true)];
    expect(logged).not.toBe(enforced);
    const seen: Record<string, string> = {};
    for (const value of ['', '0', '1', 'true', ' 1']) {
      process.env['CONTAINERV_SECCOMP_LOG'] = value;
      seen[value] = hex() === logged ? 'logged' : hex() === enforced ? 'enforced' : 'neither';
      expect(hex(false)).toBe(enforced);
    }
    delete process.env['CONTAINERV_SECCOMP_LOG'];
    expect(seen).toEqual({
      '': 'enforced',
      '0': 'enforced',
      '1': 'logged',
      true: 'enforced',
      ' 1': 'enforced',
    });
    expect(hex()).toBe(enforced);
  });
});

describe('capabilities', () => {
  test('are replaced, deduplicated, in the order of the kernel', () => {
    const policy = createPolicy('build').setCapabilities(['CAP_SETUID', 'CAP_CHOWN', 'CAP_SETUID']);
    expect(policy.capabilities).toEqual(['CAP_CHOWN', 'CAP_SETUID']);
    expect(createPolicy('build').setCapabilities([]).capabilities).toEqual([]);
  });

  test('unknown ones are named', () => {
    expectInvalid(
      () => createPolicy('build').setCapabilities(['CAP_SYS_ADMINN' as 'CAP_SYS_ADMIN']),
      /Did you mean `CAP_SYS_ADMIN`/,
    );
    expectInvalid(
      () => createPolicy('build').setCapabilities(['chown' as 'CAP_CHOWN']),
      /unknown capability/,
    );
  });
});
