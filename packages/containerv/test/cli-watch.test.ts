import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { Cli, outcome } from './cli.js';

const TERMINAL = fileURLToPath(new URL('fixtures/terminal.py', import.meta.url));

const FIGURES = {
  timestamp: '2026-01-02T03:04:05.000Z',
  memoryBytes: 1536,
  memoryPeakBytes: null,
  cpuPercent: 50,
  readBytes: 0,
  writeBytes: 2 ** 20,
  networkRxBytes: null,
  networkTxBytes: null,
  activeProcesses: 3,
};
const BUSY = {
  pid: 7,
  ppid: 1,
  user: 'u\u001B[31m',
  name: 'evil\u009B2J',
  command: 'evil \u001B]0;x\u0007',
  memoryBytes: 4096,
  cpuPercent: 90,
};
const IDLE = { pid: 1, ppid: 0, user: null, name: 'init', command: 'init', memoryBytes: 0, cpuPercent: 0 };

function twoContainers(): Cli {
  const cli = new Cli();
  cli.put('one', 'running');
  cli.put('two', 'stopped');
  return cli;
}

function onTerminal(cli: Cli, env: Record<string, string>, ...args: string[]): ChildProcess {
  const [file, ...rest] = cli.command(args);
  return spawn('python3', [TERMINAL, '10', '60', file, ...rest], {
    env: cli.env({ TERM: 'xterm', ...env }),
    stdio: 'pipe',
  });
}

test.for([
  ['start', 'two'],
  ['pause', 'one'],
  ['resume', 'one'],
] as const)('%s does that, and prints the id', async ([command, id]) => {
  const cli = twoContainers();
  expect(await cli.run([command, id])).toMatchObject({ status: 0, stdout: `${id}\n`, stderr: '' });
  expect(cli.calls().at(-1)).toEqual([command, id]);
});

test('stats prints a line of JSON for each container that runs', async () => {
  const cli = twoContainers();
  const FAKE_STATS = JSON.stringify([FIGURES, { ...FIGURES, cpuPercent: 75 }]);
  const { status, stdout } = await cli.run(['stats'], { FAKE_STATS });
  expect(status).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
  expect(JSON.parse(stdout)).toEqual({ id: 'one', ...FIGURES, cpuPercent: 75 });
});

test('stats --interval goes on until the container has ended', async () => {
  const cli = twoContainers();
  const FAKE_STATS = JSON.stringify([FIGURES, FIGURES, FIGURES, FIGURES]);
  const { status, stdout } = await cli.run(['stats', '--interval', '10ms', 'one'], { FAKE_STATS });
  expect({ status, lines: stdout.trim().split('\n').length }).toEqual({ status: 0, lines: 3 });
});

test('stats of a container that does not run or is not there is an error', async () => {
  const FAKE_STATS = '[]';
  const stopped = await twoContainers().run(['stats', 'two'], { FAKE_STATS });
  expect(stopped).toMatchObject({ status: 125, stdout: '' });
  expect(stopped.stderr).toContain('is stopped');
  const missing = await twoContainers().run(['stats', 'onee'], { FAKE_STATS });
  expect(missing.stderr).toContain('Did you mean one?');
});

test('top prints a line of JSON for each process', async () => {
  const FAKE_PROCESSES = JSON.stringify([[IDLE], [IDLE, BUSY]]);
  const { status, stdout } = await twoContainers().run(['top', 'one'], { FAKE_PROCESSES });
  expect(status).toBe(0);
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([IDLE, BUSY]);
  expect(stdout).toMatch(/^[\u0020-\u007E\n]+$/);
});

test('on a terminal top is a table, the busiest first, in which nothing of the container is obeyed', async () => {
  const cli = twoContainers();
  const child = onTerminal(
    cli,
    {
      FAKE_STATS: JSON.stringify([FIGURES, FIGURES]),
      FAKE_PROCESSES: JSON.stringify([[IDLE, BUSY], [IDLE]]),
    },
    'top',
    '--interval',
    '50ms',
    'one',
  );
  const { status, stdout } = await outcome(child);
  expect(status).toBe(0);
  const lines = stdout.split('\r\n');
  expect(lines[0]).toBe('\r\u001B[Jone  running  3 processes  cpu 50.0%  memory 1.5K');
  expect(lines[1]).toBe('▅');
  expect(lines[2]).toMatch(/^PID  PPID  USER +CPU% +MEMORY +NAME +COMMAN/);
  expect(lines[3]).toMatch(/^7 +1 +u\\x1b\[31m +90\.0 +4\.0K +evil\\x9b2J +evil/);
  expect(lines[4]).toMatch(/^1 +0 +- +0\.0 +0B +init +init$/);
  // Only our own sequences: up so many lines, and clear from there.
  expect(lines[5]).toBe('\u001B[5A\r\u001B[Jone  running  3 processes  cpu 50.0%  memory 1.5K');
  expect(lines[6]).toBe('▅▅');
  for (const line of lines) expect(stripVTControlCharacters(line).trim().length).toBeLessThan(60);
});

test('on a terminal stats is a table with history, until a signal ends it', async () => {
  const cli = twoContainers();
  const FAKE_STATS = JSON.stringify(Array.from({ length: 200 }, () => FIGURES));
  const child = onTerminal(cli, { FAKE_STATS }, 'stats', '--interval', '20ms');
  // The terminal hands this on as the key that means it.
  child.stdout?.once('data', () => setTimeout(() => child.stdin?.write('\u0003'), 200));
  const { status, stdout } = await outcome(child);
  expect(status).toBe(0);
  expect(stdout).toContain('ID');
  expect(stdout).toMatch(/one +50\.0 +1\.5K +- +0B +1\.0M/);
});
