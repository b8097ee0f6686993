import { describe, expect, test } from 'vitest';
import { createPolicy, type Policy, securityLevels } from '../src/index.js';
import { expectInvalid } from './support/invalid.js';

const check = (policy: Policy, syscall: string): string => policy.check({ syscall, arch: 'x64' });

describe('security levels', () => {
  test('take capabilities of the base policy away', () => {
    const build = createPolicy('build');
    expect(build.setSecurityLevel('restricted').capabilities).toEqual([
      'CAP_CHOWN',
      'CAP_DAC_OVERRIDE',
      'CAP_FOWNER',
      'CAP_FSETID',
    ]);
    expect(build.setSecurityLevel('strict').capabilities).toEqual([]);
    expect(build.setSecurityLevel('strict').setSecurityLevel('default').capabilities).toEqual(
      build.capabilities,
    );
  });

  test('strict ends the process for what no program tries by chance', () => {
    const strict = createPolicy('build').setSecurityLevel('strict');
    for (const name of ['ptrace', 'mount', 'unshare', 'bpf', 'kexec_load', 'open_by_handle_at'])
      expect([name, check(strict, name), check(strict.setSecurityLevel('restricted'), name)]).toEqual([
        name,
        'kill',
        'errno',
      ]);
    for (const name of ['io_uring_setup', 'keyctl', 'userfaultfd', 'setrlimit'])
      expect([name, check(strict, name)]).toEqual([name, 'errno']);
    for (const name of ['read', 'fork', 'execve'])
      expect([name, check(strict, name)]).toEqual([name, 'allow']);
  });

  test('strict also where the policy denies the same syscall itself', () => {
    const policy = createPolicy('custom').addSyscalls([{ names: ['mount', 'keyctl'], action: 'errno' }]);
    expect(check(policy.setSecurityLevel('strict'), 'mount')).toBe('kill');
    expect(check(policy.setSecurityLevel('strict'), 'keyctl')).toBe('errno');
  });

  test.for(['restricted', 'strict'] as const)(
    '%s cannot be combined with what it excludes, in either order',
    (level) => {
      const build = createPolicy('build');
      const contradictory: (() => unknown)[] = [
        () => build.addSyscalls(['ptrace']).setSecurityLevel(level),
        () => build.setSecurityLevel(level).addSyscalls(['ptrace']),
        () => build.setSecurityLevel(level).addSyscalls([{ names: ['bpf'], action: 'log' }]),
        () =>
          build
            .setSecurityLevel(level)
            .addSyscalls([{ names: ['mount'], args: [{ index: 0, op: '==', value: 0 }] }]),
        () => build.setCapabilities(['CAP_SYS_ADMIN']).setSecurityLevel(level),
        () => build.setSecurityLevel(level).setCapabilities(['CAP_SETUID']),
        () => build.setSecurityLevel(level).setWindowsIsolation({ integrityLevel: 'high' }),
        () => build.extend(createPolicy('custom').addSyscalls(['setns'])).setSecurityLevel(level),
      ];
      for (const run of contradictory) expectInvalid(run, new RegExp(`^Contradictory: .*'${level}'`));
    },
  );

  test('unknown ones are refused', () => {
    expectInvalid(
      () => createPolicy('build').setSecurityLevel('strickt' as 'strict'),
      /Did you mean `strict`/,
    );
  });

  test('are a table that gets stricter by the column', () => {
    const { default: none, restricted, strict } = securityLevels;
    expect(none.refusedSyscalls).toEqual([]);
    expect(none.keepsCapabilities).toBe('all');
    expect(restricted.keepsCapabilities.length).toBeLessThan(createPolicy('build').capabilities.length);
    expect(strict.keepsCapabilities).toEqual([]);
    expect(strict.refusedSyscalls).toEqual(
      expect.arrayContaining([...restricted.refusedSyscalls]) as unknown,
    );
    expect(strict.refusedSyscalls).toEqual(expect.arrayContaining([...strict.deadlySyscalls]) as unknown);
    expect([none.fileRules, strict.fileRules]).toEqual(['reported', 'required']);
  });
});

describe('Windows isolation', () => {
  test('is carried as data', () => {
    const isolation = {
      appContainer: true,
      integrityLevel: 'low',
      capabilitySids: ['S-1-15-3-2', 'S-1-15-3-1', 'S-1-15-3-1'],
    } as const;
    expect(createPolicy('build').setWindowsIsolation(isolation).windowsIsolation).toEqual({
      appContainer: true,
      integrityLevel: 'low',
      capabilitySids: ['S-1-15-3-1', 'S-1-15-3-2'],
    });
    expect(createPolicy('build').setWindowsIsolation({}).windowsIsolation).toEqual({});
  });

  test.for([
    [{ appContainer: 'yes' }, /`windowsIsolation.appContainer` to be a boolean/],
    [{ integrityLevel: 'hihg' }, /Did you mean `high`/],
    [{ appContainer: true, capabilitySids: ['S-1-5-18'] }, /capability SID/],
    [{ appContainer: true, capabilitySids: ['S-1-15-3-4294967296'] }, /capability SID/],
    [{ appContainer: true, capabilitySids: [`S-1-15-3${'-1'.repeat(15)}`] }, /capability SID/],
    [{ capabilitySids: ['S-1-15-3-1'] }, /needs `appContainer: true`/],
    [{ appcontainer: true }, /Did you mean `appContainer`/],
  ] as const)('refuses %j', ([isolation, message]) => {
    expectInvalid(() => createPolicy('build').setWindowsIsolation(isolation as never), message);
  });

  test('of two policies must not disagree', () => {
    const low = createPolicy('build').setWindowsIsolation({ integrityLevel: 'low' });
    const high = createPolicy('network').setWindowsIsolation({ integrityLevel: 'high' });
    expectInvalid(
      () => low.extend(high),
      /Contradictory `windowsIsolation.integrityLevel`: 'low' and 'high'/,
    );
    const sids = createPolicy('network').setWindowsIsolation({
      appContainer: true,
      capabilitySids: ['S-1-15-3-1'],
    });
    expect(low.extend(sids).windowsIsolation).toEqual({
      appContainer: true,
      integrityLevel: 'low',
      capabilitySids: ['S-1-15-3-1'],
    });
  });
});
