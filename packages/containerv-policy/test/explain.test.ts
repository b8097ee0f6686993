import { describe, expect, test } from 'vitest';
import { createPolicy, FsAccess, Policy } from '../src/index.js';

describe('explain', () => {
  test('names every syscall that is allowed, each base policy with a reason for every group', () => {
    for (const name of ['minimal', 'build', 'network', 'custom'] as const) {
      const policy = createPolicy(name);
      const text = policy.explain();
      for (const { names, reason } of policy.toJSON().syscalls.rules) {
        expect(text).toContain(reason);
        for (const syscall of names) expect(text).toMatch(new RegExp(`^ +.*\\b${syscall}\\b`, 'm'));
      }
      expect(text).not.toContain('no reason given');
    }
  });

  test('says what is denied, and how', () => {
    expect(createPolicy('minimal').explain()).toContain(
      [
        '  every other known syscall: fails with EPERM',
        '  numbers that the tables do not know: fails with ENOSYS',
        '  calls of a foreign ABI (i386, x32, 32-bit ARM): the process ends',
      ].join('\n'),
    );
    expect(Policy.fromOciSeccomp({ defaultAction: 'SCMP_ACT_ALLOW' }).explain()).toContain(
      'every other known syscall: allowed',
    );
  });

  test('shows conditions, and alternatives together', () => {
    const text = createPolicy('custom')
      .addSyscalls([
        { names: ['prctl'], reason: 'some operations', args: [{ index: 0, op: '==', value: 1 }] },
        { names: ['prctl'], reason: 'some operations', args: [{ index: 0, op: '==', value: 15 }] },
        { names: ['mount'], action: 'kill', arches: ['arm64'] },
        {
          names: ['ioctl'],
          args: [
            { index: 1, op: '!=', value: 0x5412, mask: 0xffffffff },
            { index: 2, op: '<', value: 4, mask: 7 },
          ],
        },
      ])
      .explain();
    expect(text).toContain('  some operations\n    prctl\n    when argument 0 is 1, 0xf\n');
    expect(text).toContain('  ends the process: no reason given (arm64)\n    mount\n');
    expect(text).toContain('when argument 1 (32 bits) != 0x5412 and (argument 2 & 7) < 4');
  });

  test('shows files, network, capabilities, level and Windows', () => {
    const text = createPolicy('custom')
      .addPaths(['/a'], FsAccess.Read | FsAccess.Execute)
      .addNetworkRules([
        {
          family: 'inet',
          protocol: 'tcp',
          address: '10.0.0.0/8',
          ports: [443, [80, 90]],
          allow: ['connect'],
        },
        { family: 'inet6', ports: [] },
        { family: 'unix', path: '@x', allow: [] },
      ])
      .setSecurityLevel('restricted')
      .setWindowsIsolation({ appContainer: true, capabilitySids: ['S-1-15-3-1'] })
      .explain();
    for (const line of [
      /^Policy custom, security level restricted: /,
      /^ {2}none$/m,
      /^ {2}read, execute:\n {4}\/a\n {2}nothing else$/m,
      /^ {2}connect: tcp 10\.0\.0\.0\/8, port 80-90, 443$/m,
      /^ {2}connect, bind, listen, accept, send: tcp, udp every IPv6, no port$/m,
      /^ {2}nothing: local socket @x$/m,
      /^ {2}account: ContainerUser\n {2}AppContainer: yes\n {2}integrity level: at most medium\n {2}capability: S-1-15-3-1$/m,
    ])
      expect(text).toMatch(line);
    expect(createPolicy('build').explain()).toContain(
      'everything that the container has; the first addPaths confines them',
    );
    expect(createPolicy('build').explain()).toContain("no rules: wherever the container's network leads");
  });

  test('has no line that a terminal of 120 columns would break', () => {
    const text = createPolicy('build').extend('network').addPaths(['/workspace'], 7).explain();
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});
