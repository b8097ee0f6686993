// serve-exec under Wine, the program of its own and the one in Node.js, with either library of the Host Compute Service.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createPolicy } from 'containerv-policy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HELP } from '../../packages/serve-exec/src/help.js';
import { quoteCommandLine } from '../../packages/containerv-windows/src/command-line.js';
import {
  IMPLEMENTATIONS,
  missingForTrials,
  PROGRAM,
  setUpTrials,
  Trial,
  type World,
} from './support/serve-exec.js';
import { stopLane } from './wine/lane.mjs';

const missing = await missingForTrials();
if (missing !== undefined) {
  test(`needs Wine and a compiler for Windows: ${missing}`, (context) => context.skip());
}

const NASTY = [
  '',
  ' ',
  'a b',
  'a"b',
  '"',
  '\\',
  'tail\\',
  'a b\\',
  '\\"',
  '\\\\" x',
  '%OS%',
  '^&|<>()!',
  'ü 日本 🚀',
  'a\tb',
  'a\u00a0b',
  '--',
  '--path',
  '*',
];
const MIB = 1024 ** 2;
const LINUX: World = { options: { windows: { containerType: 'linux' }, rootfs: String.raw`C:\image` } };

/** What `fill` writes. */
function pattern(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; at++) bytes[at] = at % 251;
  return bytes;
}

beforeAll(async () => {
  if (missing === undefined) await setUpTrials();
}, 600_000);
afterAll(async () => {
  if (missing === undefined) await stopLane();
});

const full = process.env['CONTAINERV_TEST_PROFILE'] === 'full';
const suite = describe.skipIf(missing !== undefined).concurrent;

suite.for(IMPLEMENTATIONS)('serve-exec (%s)', { timeout: 300_000 }, (implementation) => {
  const native = implementation === 'native';
  const start = (world: World = {}): Trial => new Trial({ implementation, ...world });

  // That in Node.js is slow to start, and the driver's own cases have both libraries.
  const libraries = native || full ? (['computecore', 'vmcompute'] as const) : (['computecore'] as const);
  describe.for(libraries)('with %s.dll', (library) => {
    const world = (rest: World = {}): Trial => start({ library, ...rest });

    test('hands on the status, and closes everything', async () => {
      using trial = world();
      const { status, stdout, stderr } = await trial.guest(['exit', '42']);
      expect({ status, stdout: stdout.toString(), stderr }).toEqual({ status: 42, stdout: '', stderr: '' });
      expect(trial.faults).toEqual([]);
      const v = library === 'computecore' ? 'v2' : 'v1';
      // Node.js leaves to Windows what a call is still under way with.
      if (!native) return;
      expect(trial.journal).toContain(`close ${v} system`);
      expect(trial.journal).toContain(`close ${v} process`);
    });

    test('large binary input comes out again, and its end is told', async () => {
      using trial = world();
      const input = pattern(3 * MIB + 1);
      const { status, stdout } = await trial.guest(['cat'], { input });
      expect(status).toBe(0);
      expect(stdout.equals(input)).toBe(true);
      expect(trial.journal).toContainEqual(expect.stringMatching(/^modify .*StdIn/));
      expect(trial.faults).toEqual([]);
    });

    test('output and errors stay apart', async () => {
      using trial = world();
      const { stdout, stderr } = await trial.guest(['both']);
      expect([stdout.toString(), stderr]).toEqual(['out', 'err']);
    });

    test('a lost notification is made up for', async () => {
      using trial = world({ faults: [{ function: 'notify ProcessExited', lost: true }] });
      expect((await trial.guest(['exit', '7'])).status).toBe(7);
    });

    test('a command that takes too long is asked to end', async () => {
      using trial = world();
      const { status, stderr } = await trial.run([
        '--container',
        'box',
        '--timeout',
        '300ms',
        '--path',
        'guest.exe',
        'sleep',
        '600000',
      ]);
      expect({ status, stderr }).toEqual({
        status: 143,
        stderr: 'serve-exec: the command took longer than --timeout\n',
      });
      expect(trial.journal).toContain('signal {"Signal":"CtrlShutdown"}');
      expect(trial.faults).toEqual([]);
    });

    test('the command ends with whoever is killed', async () => {
      using trial = world();
      const args = ['--container', 'box', '--path', 'guest.exe', 'sleep', '600000'];
      const child = trial.start(args, { stdio: 'ignore' });
      await trial.wrote(/^process /);
      child.kill('SIGKILL');
      await trial.wrote(/^terminate/);
      if (native) await trial.wrote(/^close v\d system/);
      expect(trial.faults).toEqual([]);
    });

    test('a service that does not answer is given up', async () => {
      using trial = world({ faults: [{ function: 'HcsOpenComputeSystem', delayMs: 10_000 }] });
      const { status, stderr } = await trial.guest(['exit', '0'], { env: { CONTAINERV_HCS_TIMEOUT: '1s' } });
      expect(status).toBe(125);
      expect(stderr).toMatch(/^serve-exec: [^\n]*Get-Service vmcompute[^\n]*\n$/);
    });
  });

  test.for([
    [0x8007_0002, 127, /Command not found: 'guest\.exe'/, /command does not exist.*guest\.exe/],
    [0x8007_0005, 126, /Not executable/, /may not be executed/],
    [0x8007_00c1, 126, /Not a program for this machine/, /is no program/],
    [0x8007_010b, 125, /Cannot enter '\/'/, /working directory does not exist/],
    [0x8037_0105, 125, /does not run, or is paused/, /0x80370105/],
    [0xc037_010e, 125, /is stopped\. Start it first/, /0xc037010e/i],
    [0x8037_011b, 125, /Hyper-V Administrators/, /administrator/],
    [0x8000_4005, 125, /could not start the command \(0x80004005\)/, /0x80004005/],
  ] as const)('%i at the start becomes %i', async ([hresult, expected, said, inNode]) => {
    using trial = start({ faults: [{ function: 'HcsCreateProcess', hresult }] });
    const { status, stderr } = await trial.guest(['exit', '0']);
    expect(status).toBe(expected);
    expect(stderr).toMatch(native ? said : inNode);
    expect(stderr).toMatch(/^serve-exec: [^\n]+\n$/);
    expect(trial.faults).toEqual([]);
  });

  test('arguments arrive exactly, as the driver quotes them', async () => {
    using trial = start();
    const { stdout } = await trial.guest(['args', ...NASTY]);
    expect(stdout.toString().split('\0').slice(0, -1)).toEqual(NASTY);
    expect(trial.parameters['CommandLine']).toBe(quoteCommandLine(['guest.exe', 'args', ...NASTY]));
  });

  test('a command line that Windows does not take is refused', async () => {
    using trial = start();
    const { status, stderr } = await trial.guest(['args', ...Array.from({ length: 9000 }, () => '\u00a0')]);
    expect(status).toBe(125);
    expect(stderr).toMatch(
      /^serve-exec: [^\n]*command line[^\n]* \d+ characters[^\n]*Windows takes 32766\.[^\n]*\n$/,
    );
    expect(trial.journal).not.toContainEqual(expect.stringMatching(/^process/));
  });

  test('a command whose reader goes away meets a broken pipe', async () => {
    using trial = start();
    const args = ['--container', 'box', '--path', 'guest.exe', 'fill', `${1024 * MIB}`];
    const child = trial.start(args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toBe(3);
    expect(trial.faults).toEqual([]);
  });

  test('without input the command has none', async () => {
    using trial = start();
    const { status, stdout, stderr } = await trial.guest(['cat'], { stdio: ['ignore', 'pipe', 'pipe'] });
    expect({ status, stdout: stdout.toString(), stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('of the environment only what is on the list, or asked for', async () => {
    using trial = start({ options: { env: { OWN: 'container', term: 'old' } } });
    const env = { TERM: 'xterm', LC_ALL: 'C.UTF-8', SECRET: 's', WANTED: 'w' };
    const args = [
      '--env',
      'WANTED',
      '--env',
      'MADE=a=b',
      '--env',
      'own=new',
      '--env',
      'NOWHERE',
      '--env',
      'LD_X=1',
    ];
    await trial.run(['--container', 'box', ...args, '--path', 'guest.exe', 'exit', '0'], { env });
    const { Environment } = trial.parameters as { Environment: Record<string, string> };
    expect(Environment).toMatchObject({
      TERM: 'xterm',
      LC_ALL: 'C.UTF-8',
      WANTED: 'w',
      MADE: 'a=b',
      own: 'new',
      LD_X: '1',
    });
    for (const name of ['SECRET', 'OWN', 'term', 'NOWHERE', 'SERVE_EXEC_FRONT', 'WINEPREFIX'])
      expect(Environment).not.toHaveProperty(name);
  });

  test('a directory and a command are the container’s', async () => {
    using trial = start();
    const inside = String.raw`D:\a\..\tools/x y.exe`;
    const { status } = await trial.run([
      '--container',
      'box',
      '--path',
      inside,
      '--wdir',
      '/src/../windows',
      '--',
      'z',
    ]);
    expect(status).toBe(127);
    expect(trial.parameters).toMatchObject({
      CommandLine: String.raw`"C:\tools\x y.exe" z`,
      WorkingDirectory: String.raw`C:\windows`,
      User: 'ContainerAdministrator',
      CreateStdInPipe: true,
      CreateStdOutPipe: true,
      CreateStdErrPipe: true,
      EmulateConsole: false,
    });
  });

  test.for([
    ['build', 'Bob', 0, 'Bob'],
    ['build', '0', 0, 'ContainerAdministrator'],
    ['build', '7', 125, undefined],
    ['build', 'a:b', 125, undefined],
    ['restricted', '0', 0, 'ContainerUser'],
    ['restricted', 'containeradministrator', 125, undefined],
  ] as const)('under %s --user %s', async ([level, user, expected, account]) => {
    const policy = level === 'build' ? 'build' : createPolicy('build').setSecurityLevel(level);
    using trial = start({ options: { policy } });
    const { status } = await trial.run([
      '--container',
      'box',
      '--user',
      user,
      '--path',
      'guest.exe',
      'exit',
      '0',
    ]);
    expect(status).toBe(expected);
    expect(trial.parameters['User']).toBe(account);
  });

  test('in a Linux container all is in the OCI process, with the root’s own prefix once', async () => {
    using trial = start(LINUX);
    const args = [
      '--user',
      '1000:1001',
      '--env',
      'A=b',
      '--wdir',
      '/chef/rootfs/src',
      '--path',
      '/chef/rootfs/bin/guest',
    ];
    const { status } = await trial.run(['--container', 'box', ...args, '--', 'exit', '9']);
    expect(status).toBe(9);
    expect(trial.parameters).toMatchObject({
      OciProcess: {
        args: ['/bin/guest', 'exit', '9'],
        cwd: '/src',
        user: { uid: 1000, gid: 1001 },
        noNewPrivileges: true,
        terminal: false,
      },
      CreateStdInPipe: true,
    });
    const { OciProcess } = trial.parameters as { OciProcess: { env: string[]; capabilities: object } };
    expect(OciProcess.env).toContain('A=b');
    expect(OciProcess.capabilities).toHaveProperty('bounding');
    expect(trial.faults).toEqual([]);
  });

  test.for([
    [{ owner: 'somebody' }, /belongs to another program/, /is stopped/],
    [{ state: 'Paused' }, /is paused\. Resume it first/, /is paused/],
  ] as const)('a container that is %j is not entered', async ([rest, said, inNode]) => {
    using trial = start(rest);
    const { status, stderr } = await trial.guest(['exit', '0']);
    expect(status).toBe(125);
    expect(stderr).toMatch(native ? said : inNode);
    expect(trial.parameters).toEqual({});
    expect(trial.faults).toEqual([]);
  });

  test('what is wrong before is said in one line', async () => {
    using trial = start();
    const cases = [
      [
        ['--container', 'none', '--path', 'x'],
        /There is no container 'none'\. See what there is: containerv ps/,
      ],
      [['--container', '..', '--path', 'x'], /--container \.\. is no id/],
      [['--container', 'box'], /--path is missing/],
      [['--container', 'box', '--env', 'LD_PRELOAD', '--path', 'x'], /dynamic loader/],
      [['--container', 'box', '--path', 'a"b'], /holds? a quote/],
    ] as const;
    for (const [args, said] of cases) {
      const { status, stderr } = await trial.run(args);
      expect({ args, status }).toEqual({ args, status: 125 });
      expect(stderr).toMatch(said);
      expect(stderr).toMatch(/^serve-exec: [^\n]+\n$/);
    }
    const elsewhere = await trial.guest(['exit', '0'], { env: { CONTAINERV_STATE_DIR: 'state' } });
    expect(elsewhere).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/to (?:be )?a full path/),
    });
  });

  test('help, version and its own path', async () => {
    using trial = start();
    const said = async (option: string): Promise<string> => (await trial.run([option])).stdout.toString();
    expect(await said('--help')).toBe(HELP);
    expect(await said('--version')).toMatch(/^serve-exec \d+\.\d+\.\d+\n$/);
  });
});

suite('serve-exec.exe', { timeout: 300_000 }, () => {
  test('says where it is', async () => {
    using trial = new Trial();
    const { stdout } = await trial.run(['--print-native-path']);
    expect(stdout.toString()).toMatch(/\\dist\\native\\x64\\serve-exec\.exe\n$/);
  });

  test('takes the handles of a process that started although the service said no', async () => {
    const fault = { function: 'HcsGetOperationResultAndProcessInfo', hresult: 0x8007_0057 };
    using trial = new Trial({ faults: [fault] });
    const { status, stdout } = await trial.guest(['both']);
    expect([status, stdout.toString()]).toEqual([0, 'out']);
    expect(trial.faults).toEqual([]);
  });

  test('a library beside the program, or in the current directory, is not loaded', async () => {
    using trial = new Trial();
    const program = path.join(trial.directory, 'serve-exec.exe');
    copyFileSync(PROGRAM, program);
    for (const name of ['computecore.dll', 'vmcompute.dll'])
      writeFileSync(path.join(trial.directory, name), 'planted');
    const { status } = await trial.guest(['exit', '4'], { program });
    expect(status).toBe(4);
    expect(trial.journal).toContain('open v2 system');
  });

  test('asks for no elevation, and needs nothing that is not part of Windows', () => {
    const bytes = readFileSync(PROGRAM);
    const text = bytes.toString('latin1');
    expect(text).toContain('level="asInvoker"');
    // Names of libraries in ASCII are those of the import table. Each is on Windows' list of known libraries, which are
    // taken from System32.
    const libraries = [...text.matchAll(/[a-z0-9_-]+\.dll/gi)].map(([name]) => name.toLowerCase());
    expect(libraries).toContain('kernel32.dll');
    for (const name of libraries)
      expect(['kernel32.dll', 'msvcrt.dll', 'ole32.dll', 'shell32.dll', 'user32.dll']).toContain(name);
    // DllCharacteristics of the PE header: HIGH_ENTROPY_VA, DYNAMIC_BASE and NX_COMPAT.
    const header = bytes.readUInt32LE(0x3c);
    expect(bytes.readUInt16LE(header + 24 + 70) & 0x160).toBe(0x160);
  });
});
