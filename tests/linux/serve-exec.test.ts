import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Container, createContainer } from 'containerv-linux';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { json, processes, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { openCopy } from '../support/open-copy.js';
import { describeAsRoot } from '../support/privilege.js';
import { scratchPath } from '../support/scratch.js';
import { hostState, implementations, inside, serveExec, startServeExec } from '../support/serve-exec.js';

let container: Container;
beforeAll(async () => {
  container = await small({ env: { PATH: '/bin', OWN: 'of the container' } });
});
afterAll(async () => {
  await container.destroy();
});

// Anybody but root and who runs this.
const OTHER_USER = 54_321;
const NASTY = [
  '',
  ' ',
  'a b',
  '"',
  "'",
  '\\',
  '\\\\"',
  '$HOME',
  '`id`',
  '*',
  '%PATH%',
  '!',
  '^',
  '&',
  '|',
  '<>',
  'ü 日本 🚀',
  '-x',
  '--',
  '--path',
  '--help',
  'a\nb',
  '\t',
];

describe.each(implementations)('serve-exec ($name)', (implementation) => {
  const run = (command: string, args: readonly string[] = [], surroundings = {}) =>
    serveExec(implementation, inside(container, command, args), surroundings);
  const line = (...args: string[]) => serveExec(implementation, args);

  test('arguments arrive exactly, and the first is the path', () => {
    const { stdout, status, stderr } = run('/bin/arguments', NASTY);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(['/bin/arguments', ...NASTY]);
  });

  test('a hundred thousand bytes of arguments arrive', () => {
    const args = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(5000));
    expect(JSON.parse(run('arguments', args).stdout)).toEqual(['arguments', ...args]);
  });

  test.for<readonly [string, readonly string[], readonly string[]]>([
    ['at the first argument that is none of ours', ['-la', '--path', 'x'], ['-la', '--path', 'x']],
    ['at an unknown long option', ['--color=auto', '--help'], ['--color=auto', '--help']],
    ['at --, which is dropped', ['--', '--help', '--'], ['--help', '--']],
    ['at the end', [], []],
  ])('options end %s', ([, rest, args]) => {
    const { stdout } = line('--wdir=/', '--container', container.id, '--path=arguments', ...rest);
    expect(JSON.parse(stdout)).toEqual(['arguments', ...args]);
  });

  test.for([
    ['/bin/arguments', '/bin/arguments'],
    ['//bin/./arguments/', '/bin/arguments'],
    ['bin/arguments', '/bin/arguments'],
    ['../../bin/arguments', '/bin/arguments'],
    ['C:\\bin\\arguments', '/bin/arguments'],
    ['\\\\?\\C:\\bin\\arguments', '/bin/arguments'],
    ['\\\\?\\UNC\\bin\\arguments', '/bin/arguments'],
    ['//./bin/arguments', '/bin/arguments'],
    ['\\??\\bin/srv/../arguments', '/bin/arguments'],
    ['c:bin/arguments', '/bin/arguments'],
    ['arguments', 'arguments'],
  ])('the path %s is %s inside', ([given, expected]) => {
    expect(JSON.parse(line('--container', container.id, '--path', given as string).stdout)).toEqual([
      expected,
    ]);
  });

  test.for([
    ['/tmp', '/tmp'],
    ['', '/'],
    ['tmp/', '/tmp'],
    ['D:\\home\\.\\builder', '/home/builder'],
    ['/home/../../../tmp', '/tmp'],
  ])('the working directory %j is %s inside', ([wdir, cwd]) => {
    const args = ['--container', container.id, '--wdir', wdir as string, '--path', 'directory'];
    expect(JSON.parse(line(...args).stdout)).toMatchObject({ cwd });
  });

  test('the environment is the container’s and what the allow-list lets through', () => {
    const env = {
      TERM: 'x-term',
      LANG: 'C',
      LC_ALL: 'POSIX',
      LD_PRELOAD: undefined,
      PASS: 'me',
      SECRET: 's',
      OWN: 'o',
    };
    const args = [
      '--env',
      'PASS',
      '--env=SET=to=this',
      '--env',
      'UNSET_HERE',
      '--env',
      'OWN=',
      '--env',
      'LD_X=1',
    ];
    const { stdout } = serveExec(implementation, [...args, ...inside(container, 'environment')], {
      env: {
        ...Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined])),
        ...env,
        CONTAINERV_STATE_DIR: process.env['CONTAINERV_STATE_DIR'],
      },
    });
    expect((JSON.parse(stdout) as string[]).sort()).toEqual(
      [
        'LANG=C',
        'LC_ALL=POSIX',
        'LD_X=1',
        'OWN=',
        'PASS=me',
        'PATH=/bin',
        'SET=to=this',
        'TERM=x-term',
      ].sort(),
    );
  });

  test.for([0, 1, 42, 125, 255])('exit status %i is the command’s', (code) => {
    expect(run('exit', [`${code}`])).toEqual({ status: code, signal: null, stdout: '', stderr: '' });
  });

  test.for([1, 2, 6, 9, 11, 13, 15])('death by signal %i is 128 and it', (number) => {
    expect(run('raise', [`${number}`])).toMatchObject({ status: 128 + number, stderr: '' });
  });

  test.for<readonly [string, readonly string[], number, RegExp]>([
    ['no arguments', [], 125, /--container is missing/],
    ['no path', ['--container', 'x'], 125, /--path is missing/],
    ['a misspelt option', ['--contaner', 'x', '--path', 'y'], 125, /--container is missing.*--contaner/],
    ['an option without its value', ['--container'], 125, /--container needs a value/],
    ['an option twice', ['--path', 'a', '--path', 'b', '--container', 'x'], 125, /--path is given twice.*--/],
    ['an id that is none', ['--container', '../x', '--path', 'y'], 125, /\.\.\/x/],
    ['an empty path', ['--container', 'x', '--path', ''], 125, /--path/],
    ['an unknown container', ['--container', 'unknown-one', '--path', 'y'], 125, /unknown-one/],
    ['an id of 64 characters', ['--container', 'x'.repeat(64), '--path', 'y'], 125, /--container/],
    [
      'a variable of the host’s loader',
      ['--env', 'LD_PRELOAD', '--container', 'x', '--path', 'y'],
      125,
      /LD_PRELOAD/,
    ],
    ['a variable without a name', ['--env', '=x', '--container', 'x', '--path', 'y'], 125, /--env =x/],
    [
      'a duration without a unit',
      ['--timeout', '10', '--container', 'x', '--path', 'y'],
      125,
      /--timeout 10/,
    ],
    [
      'a duration that is too long',
      ['--timeout', '600h', '--container', 'x', '--path', 'y'],
      125,
      /--timeout 600h/,
    ],
    ['a user that is none', ['--user', 'a:b:c', '--container', 'x', '--path', 'y'], 125, /--user a:b:c/],
    [
      'a working directory with a line end',
      ['--wdir', 'a\nb', '--container', 'x', '--path', 'y'],
      125,
      /--wdir/,
    ],
  ])('%s is a failure of its own', ([, args, status, message]) => {
    const ended = line(...args);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(/^serve-exec: [^\n]*\n$/);
  });

  test.for<readonly [string, readonly string[], number, RegExp]>([
    ['a command that is not there', ['--path', '/no/such'], 127, /\/no\/such/],
    ['a name that is not in PATH', ['--path', 'no-such'], 127, /no-such/],
    ['below a file', ['--path', '/etc/passwd/x'], 127, /\/etc\/passwd\/x/],
    ['a file that is not executable', ['--path', '/etc/passwd'], 126, /\/etc\/passwd/],
    ['a directory', ['--path', '/etc'], 126, /\/etc/],
    ['a working directory that is not there', ['--wdir', '/none', '--path', 'true'], 125, /\/none/],
    ['a user that is not there', ['--user', 'nobody-here', '--path', 'true'], 125, /nobody-here/],
    ['a group that is not there', ['--user', 'root:no-group', '--path', 'true'], 125, /no-group/],
  ])('%s is told on one line', ([, args, status, message]) => {
    const ended = line('--container', container.id, ...args);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(/^serve-exec: [^\n]*\n$/);
  });

  test('a stopped container is a failure of its own', async () => {
    const stopped = await small();
    await stopped.stop({ timeout: 0 });
    const ended = serveExec(implementation, inside(stopped, 'true'));
    expect(ended).toMatchObject({ status: 125 });
    expect(ended.stderr).toMatch(/^serve-exec: [^\n]*stopped[^\n]*\n$/);
    await stopped.destroy();
  });

  test('--help, --version and --print-native-path', () => {
    expect(line('--help')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('--wdir DIR'),
    });
    expect(line('--version').stdout).toMatch(/^serve-exec \d+\.\d+\.\d+\n$/);
    const native = implementations.find(({ name }) => name === 'native')?.command[0];
    expect(line('--print-native-path')).toMatchObject(
      native === undefined ? { status: 125 } : { status: 0, stdout: `${native}\n` },
    );
  });

  test('the command has these very descriptors and no others', () => {
    const file = scratchPath('out');
    const input = openSync('/dev/zero', 'r');
    const output = openSync(file, 'w');
    const third = openSync('/dev/zero', 'r');
    try {
      const { status } = run('descriptors', [], { stdio: [input, output, 'ignore', third] });
      expect(status).toBe(0);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
        0: '/dev/zero',
        1: expect.stringContaining(realpathSync(file).split('/').at(-1) ?? ''),
        2: '/dev/null',
      });
    } finally {
      for (const fd of [input, output, third]) closeSync(fd);
    }
  });

  test('a pipe is the very pipe: its other end sees what the command closes', async () => {
    await using host = await createContainer();
    const running = startServeExec(
      implementation,
      inside(host, 'sh', ['-c', 'echo said; exec <&- >&-; echo ready >&2; exec sleep 100']),
    );
    await new Promise((resolve) => running.child.stdout?.once('end', resolve));
    expect(running.stdout()).toBe('said\n');
    const { stdin } = running.child;
    const broken = new Promise<NodeJS.ErrnoException>((resolve) => stdin?.once('error', resolve));
    await eventually(() => {
      stdin?.write('x'.repeat(70_000));
      expect(stdin?.destroyed).toBe(true);
    });
    expect((await broken).code).toMatch(/EPIPE|ECONNRESET/);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ status: 143 });
  });

  test('descriptors that are closed here', () => {
    const [program, ...rest] = implementation.command;
    const script = 'exec 3>&1; "$@" 0<&- 1>&- 2>&3 3>&-';
    const command = [program, ...rest, ...inside(container, 'say', ['open', '2', 'closed', '1'])];
    const ended = serveExec(
      { name: implementation.name, command: ['/bin/sh', '-c', script, 'sh', ...command] },
      [],
    );
    // Node opens /dev/null where it finds a standard descriptor closed, before anything of ours runs.
    expect(ended).toMatchObject({ stdout: 'open', status: implementation.name === 'node' ? 0 : 1 });
  });

  test('the confinement is that of any other process of the container', async () => {
    const comparable = (seen: Record<string, unknown>) => {
      const kept = JSON.parse(JSON.stringify(seen)) as Record<string, unknown>;
      for (const name of [
        'pid',
        'session',
        'processes',
        'descriptors',
        'environment',
        'devices',
        'init',
        'status',
      ])
        delete kept[name];
      return kept;
    };
    const own = await json<Record<string, unknown>>(container, 'probe');
    const joined = JSON.parse(run('probe').stdout) as Record<string, unknown>;
    expect(comparable(joined)).toEqual(comparable(own));
    const status = (seen: Record<string, unknown>): string[] =>
      String(seen['status'])
        .split('\n')
        .filter((entry) => /^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups|Sig|Shd)/.test(entry));
    expect(status(joined)).toEqual(status(own));
    expect(status(joined).length).toBeGreaterThan(10);
  });

  test('--timeout ends it', async () => {
    const ended = line('--timeout', '200ms', ...inside(container, 'sleep'));
    expect(ended).toMatchObject({
      status: 143,
      stdout: 'ready\n',
      stderr: expect.stringContaining('--timeout'),
    });
    await eventually(async () => expect(await processes(container)).toHaveLength(2));
  });

  test('a stderr that nobody reads any more does not change the status', () => {
    const [program, ...rest] = implementation.command;
    const words = [program, ...rest, '--timeout', '100ms', ...inside(container, 'sleep')];
    const script = 'exec 4> >(:); sleep 0.2; "$@" 2>&4 >/dev/null; echo $?';
    const command = ['/bin/bash', '-c', script, 'bash', ...words] as const;
    expect(serveExec({ name: implementation.name, command }, []).stdout).toBe('143\n');
  });

  test('in pipelines', () => {
    const [program, ...rest] = implementation.command;
    const script = (text: string) =>
      serveExec(
        {
          name: implementation.name,
          command: ['/bin/sh', '-c', text, program, ...rest, '--container', container.id],
        },
        [],
      );
    expect(script('yes | "$0" "$@" --path cat | head -n 2').stdout).toBe('y\ny\n');
    expect(script('{ "$0" "$@" --path flood; echo $? >&2; } | head -c 3').stderr).toBe('141\n');
    expect(script('for i in 1 2 3; do "$0" "$@" --path echo $i; done | "$0" "$@" --path cat').stdout).toBe(
      '1\n2\n3\n',
    );
  });

  describe('signals', () => {
    const start = async (command: string, args: readonly string[] = []) => {
      const running = startServeExec(implementation, inside(container, command, args));
      await eventually(() => expect(running.stdout()).toContain('ready'));
      return running;
    };
    const stateInside = async (name: string): Promise<string | undefined> =>
      (await processes(container)).find(({ arguments: [own] }) => own === name)?.state;

    test.for([
      ['SIGHUP', 129],
      ['SIGINT', 130],
      ['SIGQUIT', 131],
      ['SIGUSR1', 138],
      ['SIGUSR2', 140],
      ['SIGALRM', 142],
      ['SIGTERM', 143],
    ] as const)('%s reaches the command', async ([signal, status]) => {
      const running = await start('sleep');
      running.child.kill(signal);
      expect(await running.ended).toMatchObject({ status, signal: null, stderr: '' });
    });

    test('what a terminal sends reaches the whole group, what kill(1) sends one process', async () => {
      const group = await start('group', ['2']);
      group.child.kill('SIGINT');
      expect(await group.ended).toMatchObject({ status: 130 });
      await eventually(async () => expect(await processes(container)).toHaveLength(2));
      const one = await start('group', ['2']);
      one.child.kill('SIGTERM');
      expect(await one.exited).toBe(143);
      const left = (await processes(container)).filter(({ name }) => name === 'group');
      expect(left).toHaveLength(2);
      for (const { pid } of left) await container.kill(pid, 'SIGKILL');
    });

    test('SIGTSTP stops both, SIGCONT continues both', async () => {
      const running = await start('sleep');
      running.child.kill('SIGTSTP');
      await eventually(() => expect(hostState(running.pid)).toBe('T'));
      await eventually(async () => expect(await stateInside('sleep')).toBe('T'));
      running.child.kill('SIGCONT');
      await eventually(async () => expect(await stateInside('sleep')).toBe('S'));
      await eventually(() => expect(hostState(running.pid)).toMatch(/[SR]/));
      running.child.kill('SIGTERM');
      expect(await running.ended).toMatchObject({ status: 143 });
    });

    test('a command that is stopped inside stops serve-exec too', async () => {
      const running = await start('sleep');
      const pid = (await processes(container)).find(({ name }) => name === 'sleep')?.pid ?? 0;
      await container.kill(pid, 'SIGSTOP');
      await eventually(() => expect(hostState(running.pid)).toBe('T'));
      running.child.kill('SIGCONT');
      await eventually(async () => expect(await stateInside('sleep')).toBe('S'));
      running.child.kill('SIGTERM');
      expect(await running.ended).toMatchObject({ status: 143 });
    });

    test('kill -9 of serve-exec ends the command', async () => {
      const running = await start('stubborn');
      running.child.kill('SIGKILL');
      expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
      await eventually(async () => expect(await processes(container)).toHaveLength(2));
    });
  });

  test('the end of the container is the command’s', async () => {
    const other = await small();
    const running = startServeExec(implementation, inside(other, 'sleep'));
    await eventually(() => expect(running.stdout()).toContain('ready'));
    await other.destroy();
    expect(await running.ended).toMatchObject({
      status: 137,
      stderr: 'serve-exec: the container ended before the command did\n',
    });
  });
});

describeAsRoot('users', () => {
  test.for(implementations)('--user is one of the container ($name)', (implementation) => {
    for (const [user, uid, groups] of [
      ['builder', 1000, [29, 44, 1000]],
      ['1000', 1000, [1000]],
      ['1000:29', 1000, [29]],
      ['builder:wheel', 1000, [10]],
    ] as const) {
      const { stdout } = serveExec(implementation, ['--user', user, ...inside(container, 'probe')]);
      const seen = JSON.parse(stdout) as { uids: number[]; gids: number[]; groups: number[] };
      expect({
        uid: seen.uids,
        groups: [...new Set([...seen.gids, ...seen.groups])].sort((a, b) => a - b),
      }).toEqual({
        uid: [uid, uid, uid],
        groups,
      });
    }
  });
});

describeAsRoot('somebody else’s socket', () => {
  test.for(implementations)('gets nothing of ours ($name)', async (implementation) => {
    const [program = '', ...rest] = implementation.command.map((word) =>
      word === process.execPath ? word : openCopy(realpathSync(word)),
    );
    const state = path.join(process.env['CONTAINERV_STATE_DIR'] ?? '', container.id);
    const parts = [path.dirname(state), state, path.join(state, 'control'), path.join(state, 'state.json')];
    const modes = parts.map((part) => statSync(part).mode);
    for (const part of parts) chmodSync(part, 0o777);
    try {
      const { status, stderr } = spawnSync(program, [...rest, ...inside(container, 'cat')], {
        uid: OTHER_USER,
        gid: OTHER_USER,
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({
        status: 125,
        stderr: expect.stringMatching(/^serve-exec: [^\n]*(?:another user|not ours alone)[^\n]*\n$/),
      });
    } finally {
      parts.forEach((part, index) => chmodSync(part, modes[index] ?? 0));
    }
  });
});
