import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Cli, outcome } from './cli.js';

const TERMINAL = fileURLToPath(new URL('fixtures/terminal.py', import.meta.url));

/** The command line on a terminal of 40 rows and 100 columns. */
function onTerminal(cli: Cli, ...args: string[]): ChildProcess {
  return onTerminalWith(cli, {}, ...args);
}

function onTerminalWith(cli: Cli, env: Readonly<Record<string, string>>, ...args: string[]): ChildProcess {
  const [file, ...rest] = cli.command(args);
  return spawn('python3', [TERMINAL, '40', '100', file, ...rest], {
    env: cli.env({ TERM: 'xterm', ...env }),
    stdio: 'pipe',
  });
}

test('on a terminal the command gets one of its own, of the same size', async () => {
  const cli = new Cli();
  const { status, stdout } = await outcome(onTerminal(cli, 'run', '-q', 'sh', '-c', 'echo shown; exit 3'));
  expect({ status, stdout }).toEqual({ status: 3, stdout: 'shown\r\n' });
  expect(cli.details('spawn')).toMatchObject({
    tty: { columns: 100, rows: 40 },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
});

test('what a command wrote before this program came to read it is shown', async () => {
  const cli = new Cli();
  const child = onTerminalWith(cli, { FAKE_SPAWN_MS: '500' }, 'run', '-q', 'echo', 'shown');
  expect(await outcome(child)).toMatchObject({ status: 0, stdout: 'shown\r\n' });
});

test('every key goes to the command, those included that would end this program', async () => {
  const cli = new Cli();
  const child = onTerminal(cli, 'run', '-q', 'sh', '-c', 'echo ready; head -c 4 | od -An -tx1');
  child.stdout?.once('data', () => child.stdin?.write('a\u0003\u0004\r'));
  const { status, stdout } = await outcome(child);
  expect(status).toBe(0);
  expect(stdout).toContain('61 03 04 0d');
});

test('a new size is handed on', async () => {
  const cli = new Cli();
  const child = onTerminal(cli, 'run', '-q', 'sh', '-c', 'echo ready; read line');
  child.stdout?.once('data', () => child.kill('SIGUSR1'));
  await expect
    .poll(() => cli.calls().find(([name]) => name === 'resize')?.[1], { timeout: 10_000 })
    .toEqual({ columns: 132, rows: 50 });
  child.stdin?.write('\n');
  expect(await outcome(child)).toMatchObject({ status: 0 });
});

test('afterwards the terminal is as it was', async () => {
  const cli = new Cli();
  const [file, ...args] = cli.command(['run', '-q', 'true']);
  const script = `stty -g; ${[file, ...args].join(' ')}; stty -g`;
  const child = spawn('python3', [TERMINAL, '40', '100', 'sh', '-c', script], {
    env: cli.env({}),
    stdio: 'pipe',
  });
  const [before, after] = (await outcome(child)).stdout.trim().split(/\s+/);
  expect(before).toMatch(/^[\da-f:]+$/);
  expect(after).toBe(before);
});

test('--no-tty does without', async () => {
  const cli = new Cli();
  await outcome(onTerminal(cli, 'run', '-q', '--no-tty', 'true'));
  expect(cli.details('spawn')).toMatchObject({ stdio: [0, 1, 2] });
  expect(cli.details('spawn')).not.toHaveProperty('tty');
});

test('there is no terminal for a command whose output goes elsewhere', async () => {
  const cli = new Cli();
  const [file, ...args] = cli.command(['run', '-q', 'echo', 'x']);
  const script = `${[file, ...args].join(' ')} | cat`;
  await outcome(
    spawn('python3', [TERMINAL, '40', '100', 'sh', '-c', script], { env: cli.env({}), stdio: 'pipe' }),
  );
  expect(cli.details('spawn')).not.toHaveProperty('tty');
});

test('colours are for terminals', async () => {
  const cli = new Cli();
  expect((await outcome(onTerminal(cli, 'ps'))).stdout).toContain('\u001B[1mID');
});
