import { type ContainerOptions, resolveSpawnOptions, type SpawnOptions } from 'containerv-api';
import { createPolicy } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { buildProcessParameters } from '../src/documents/build-process-parameters.js';
import { windowsEnvironment } from '../src/documents/environment.js';
import { schemaErrors } from './support/hcs-schema.js';
import { LINUX, specOf } from './support/hosts.js';

function parameters(
  container: ContainerOptions,
  args: readonly string[],
  options: SpawnOptions = {},
): Record<string, unknown> {
  const spec = specOf(container);
  const [command = '', ...rest] = args;
  const document = buildProcessParameters(spec, resolveSpawnOptions(command, rest, options, spec));
  expect(schemaErrors('process-parameters', document)).toEqual([]);
  return document;
}

describe('a Windows process', () => {
  test('with everything', () => {
    expect(
      parameters({ env: { A: '1', EMPTY: '' } }, ['cmd', '/c', 'echo "hi"'], {
        cwd: '/build/dir',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ).toEqual({
      CommandLine: String.raw`cmd /c "echo \"hi\""`,
      User: 'ContainerAdministrator',
      WorkingDirectory: 'C:\\build\\dir',
      Environment: { PATH: 'C:\\Windows\\System32;C:\\Windows', A: '1' },
      EmulateConsole: false,
      CreateStdInPipe: false,
      CreateStdOutPipe: true,
      CreateStdErrPipe: true,
    });
  });

  test('a terminal: rows first, and no stderr of its own', () => {
    expect(parameters({}, ['cmd'], { tty: { columns: 120, rows: 30 } })).toMatchObject({
      EmulateConsole: true,
      ConsoleSize: [30, 120],
      CreateStdInPipe: true,
      CreateStdOutPipe: true,
      CreateStdErrPipe: false,
    });
  });

  test.for([
    [{}, {}, 'ContainerAdministrator'],
    [{ user: 'ContainerUser' }, {}, 'ContainerUser'],
    [{ user: 'app' }, { user: 'other' }, 'other'],
    [{ policy: createPolicy('build').setSecurityLevel('restricted') }, {}, 'ContainerUser'],
    [{ policy: createPolicy('build').setSecurityLevel('strict') }, { user: 'app' }, 'app'],
  ] as const)('account %#', ([container, options, account]) => {
    expect(parameters(container, ['cmd'], options)['User']).toBe(account);
  });

  test.for([
    [{ user: 1000 }, /ids/],
    [{ user: 'app:staff' }, /ids/],
    [{ policy: createPolicy('build').setWindowsIsolation({ appContainer: true }) }, /AppContainer/],
    [{ policy: createPolicy('build').setWindowsIsolation({ integrityLevel: 'low' }) }, /integrity/],
    [
      { user: 'CONTAINERADMINISTRATOR', policy: createPolicy('build').setSecurityLevel('strict') },
      /does not allow/,
    ],
  ] as const)('confinement that HCS has not: %#', ([container, message]) => {
    expect(() => parameters(container, ['cmd'])).toThrow(message);
  });
});

describe('a process of a Linux container', () => {
  test('is a whole OCI process, with the confinement of the container', () => {
    expect(
      parameters(
        { ...LINUX, rlimits: { nofile: { soft: 10, hard: 'unlimited' } } },
        ['/bin/ls', '-l', 'a b'],
        {
          user: { uid: 1000, gid: 100, groups: [7] },
          cwd: '/tmp',
          env: { A: '1' },
          tty: true,
        },
      ),
    ).toMatchObject({
      OciProcess: {
        terminal: true,
        consoleSize: { height: 24, width: 80 },
        user: { uid: 1000, gid: 100, additionalGids: [7] },
        args: ['/bin/ls', '-l', 'a b'],
        env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'A=1'],
        cwd: '/tmp',
        noNewPrivileges: true,
        capabilities: { inheritable: [], ambient: [] },
        rlimits: [{ type: 'RLIMIT_NOFILE', soft: 10, hard: Number.MAX_SAFE_INTEGER }],
      },
      CreateStdErrPipe: false,
    });
  });

  test('users are ids', () => {
    expect(() => parameters(LINUX, ['ls'], { user: 'nobody' })).toThrow(/by their ids/);
    expect(() => parameters(LINUX, ['ls'], { user: 1000 })).toThrow(/by their ids/);
  });
});

describe('windowsEnvironment', () => {
  test('of two spellings the later one stays, and the default search path yields', () => {
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    expect(windowsEnvironment({ PATH: path })).toEqual({ PATH: 'C:\\Windows\\System32;C:\\Windows' });
    expect(windowsEnvironment({ PATH: path, Path: 'C:\\x' })).toEqual({ Path: 'C:\\x' });
    expect(windowsEnvironment({ Path: 'C:\\x', PATH: path })).toEqual({ Path: 'C:\\x' });
    expect(windowsEnvironment({ a: '1', A: '2' })).toEqual({ A: '2' });
  });
});
