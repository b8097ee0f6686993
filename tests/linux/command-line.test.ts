import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContainer, type HostReport, probeHost } from 'containerv';
import { afterAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { keptIds, pruneAll, remainsOf } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { idFor } from '../support/suite.js';

// The command line with the real driver, as its users have it.
const cli = path.join(path.dirname(fileURLToPath(import.meta.resolve('containerv'))), 'cli.js');
const root = ['--rootfs', sharedRoot()];

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function containerv(args: readonly string[], input = ''): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', input });
  return { status, stdout, stderr };
}

afterAll(pruneAll);

describe('run', () => {
  test('gives the command’s output and exit status, and leaves nothing', () => {
    expect(containerv(['run', ...root, 'echo', 'a b', '-x'])).toEqual({
      status: 0,
      stdout: 'a b -x\n',
      stderr: '',
    });
    expect(containerv(['run', ...root, 'exit', '42'])).toMatchObject({ status: 42 });
    expect(containerv(['run', ...root, 'cat'], 'through stdin')).toMatchObject({
      status: 0,
      stdout: 'through stdin',
    });
    expect(keptIds()).toEqual([]);
  });

  test.for<readonly [string, readonly string[], number, RegExp]>([
    ['a signal', [...root, 'raise', '9'], 137, /^$/],
    ['a command that is not found', [...root, 'no-such-command'], 127, /not found/],
    ['one that cannot be executed', [...root, '/etc/passwd'], 126, /[Nn]ot executable/],
    ['a root that does not exist', ['--rootfs', '/no/such/root', 'true'], 125, /no\/such\/root/],
    ['a size that is none', ['-m', '12Q', 'true'], 125, /12Q/],
    ['an unknown option', ['--memroy', '1G', 'true'], 125, /--memory/],
    ['no command', [], 125, /COMMAND/],
    ['the time it was given', [...root, '--timeout', '100ms', 'sleep'], 143, /./],
  ])('%s has its own status', ([, args, status, stderr]) => {
    const ended = containerv(['run', ...args]);
    expect(ended.status, ended.stderr).toBe(status);
    expect(ended.stderr).toMatch(stderr);
  });

  test('on the host’s own system, without options', () => {
    const { status, stdout } = containerv(['run', '--', 'sh', '-c', 'echo $0 $(id -u); exit 3']);
    expect({ status, stdout }).toEqual({ status: 3, stdout: 'sh 0\n' });
  });

  test('killed, its container goes with it', async () => {
    const child = spawn(process.execPath, [cli, 'run', '--id', idFor('killed'), ...root, 'sleep'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    await pruneAll();
    expect(remainsOf(idFor('killed'))).toEqual([]);
  });

  test('a signal to it is one to the command', async () => {
    const child = spawn(process.execPath, [cli, 'run', ...root, 'sleep'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGTERM');
    const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve) =>
      child.once('close', (...end) => resolve(end)),
    );
    expect([143, 'SIGTERM']).toContain(code ?? signal);
    await eventually(() => expect(keptIds()).toEqual([]));
  });
});

test('a detached container from its making to its removal', () => {
  const id = idFor('detached');
  expect(containerv(['run', '-d', '--id', id, ...root, 'sleep'])).toMatchObject({
    status: 0,
    stdout: `${id}\n`,
  });
  expect(JSON.parse(containerv(['ps', '--json']).stdout)).toMatchObject([
    { id, state: 'running', detached: true },
  ]);
  expect(containerv(['exec', id, 'echo', 'inside'])).toEqual({ status: 0, stdout: 'inside\n', stderr: '' });
  expect(containerv(['exec', id, 'exit', '7']).status).toBe(7);
  const forks = (policy: readonly string[]): unknown =>
    JSON.parse(containerv(['exec', ...policy, id, 'fork-bomb', '3']).stdout);
  expect(forks(['--policy', 'minimal'])).toEqual({ made: 0, errno: constants.errno.EPERM });
  expect(forks([])).toEqual({ made: 3, errno: 0 });
  expect(JSON.parse(containerv(['inspect', '--json', id]).stdout)).toMatchObject({
    id,
    enforced: { seccomp: true, noNewPrivileges: true },
  });
  expect(containerv(['rm', id]).status).toBe(125);
  expect(containerv(['stop', '--timeout', '0ms', id]).status).toBe(0);
  expect(JSON.parse(containerv(['ps', '--json']).stdout)).toMatchObject([{ id, state: 'stopped' }]);
  expect(JSON.parse(containerv(['prune', '--json']).stdout)).toMatchObject({ removed: [] });
  expect(containerv(['rm', id]).status).toBe(0);
  expect(JSON.parse(containerv(['ps', '--json']).stdout)).toEqual([]);
  expect(remainsOf(id)).toEqual([]);
  expect(containerv(['exec', id, 'true'])).toMatchObject({ status: 125 });
});

test('doctor says that containers work here, and does not leave any', async () => {
  const { status, stdout } = containerv(['doctor', '--json']);
  expect(status).toBe(0);
  const summary = ({ usable, checks }: HostReport): object => ({
    usable,
    checks: checks.map(({ name, status: found, fix }) => ({ name, found, fix })),
  });
  const report = JSON.parse(stdout) as HostReport;
  expect(report.usable).toBe(true);
  expect(report.checks.filter(({ detail }) => detail === '')).toEqual([]);
  expect(summary(report)).toEqual(summary(await probeHost()));
  expect(keptIds()).toEqual([]);
});

test('the package chooses the driver', async () => {
  await using container = await createContainer({ rootfs: sharedRoot() });
  expect((await container.run('echo', ['through', 'containerv'])).stdout).toBe('through containerv\n');
});
