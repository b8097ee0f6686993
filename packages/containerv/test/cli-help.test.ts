import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands } from '../src/cli/commands/index.js';
import { main } from '../src/cli/main.js';
import * as driver from '../src/entry-points.js';
import { Cli } from './cli.js';

/** The command line inside of this process, on pretended terminals. */
async function onTerminal(args: string[], env: Record<string, string>): Promise<string> {
  let written = '';
  const output = { isTTY: true, write: (text: string) => (written += text) };
  await main(args, '1.2.3', { driver, env, stdout: output, stderr: output, signals: process });
  return written;
}

test('the help lists every command', async () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { status, stdout, stderr } = await new Cli().run(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
  }
});

test('the commands are those of the contract', () => {
  expect(commands.map(({ name }) => name)).toEqual([
    'run',
    'exec',
    'cp',
    'logs',
    'ps',
    'inspect',
    'stats',
    'top',
    'diff',
    'snapshot',
    'update',
    'stop',
    'start',
    'pause',
    'resume',
    'rm',
    'prune',
    'network',
    'doctor',
    'policy show',
    'policy check',
    'policy compile',
    'policy learn',
  ]);
});

test.for(commands.map(({ name }) => name))('%s has a help with every option', async (name) => {
  const options = commands.find((command) => command.name === name)?.options ?? {};
  const cli = new Cli();
  const { status, stdout } = await cli.run([...name.split(' '), '--help']);
  expect(status).toBe(0);
  expect(stdout).toContain(`Usage: containerv ${name} `);
  for (const option of [...Object.keys(options), 'help']) expect(stdout).toContain(`--${option}`);
  expect((await cli.run(['help', ...name.split(' ')])).stdout).toBe(stdout);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

test('a help reads so', async () => {
  const { stdout } = await new Cli().run(['prune', '--help']);
  expect(stdout).toBe(
    'Usage: containerv prune [options]\n' +
      '\n' +
      'Remove what programs that crashed left behind.\n' +
      '\n' +
      'Options:\n' +
      '      --json  Print a JSON object.\n' +
      '  -h, --help  Show this help.\n' +
      '\n' +
      'Exit status: 0, or 1 when something could not be removed.\n',
  );
});

test('no command at all prints the help as an error', async () => {
  const { status, stdout, stderr } = await new Cli().run([]);
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(stderr).toContain('Usage: containerv COMMAND');
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect((await new Cli().run(['--version'])).stdout).toBe(`${version}\n`);
});

test.for([
  [['rnu'], 'Unknown command rnu. Did you mean run?'],
  [['help', 'pss'], 'Unknown command pss. Did you mean ps?'],
  [['--verison'], 'Unknown option --verison.'],
  [['ps', 'x'], 'Too many arguments for containerv ps'],
  [['inspect'], 'containerv inspect needs [options] ID'],
  [['ps', '--jsno'], 'Unknown option --jsno. Did you mean --json?'],
] as const)('%j is refused with a hint', async ([args, message]) => {
  const { status, stderr } = await new Cli().run(args);
  expect(status).toBe(125);
  expect(stderr).toContain(`containerv: ${message}\nhint: `);
});

test('what must be a defect is shown with its stack', async () => {
  const { status, stdout, stderr } = await new Cli().run(['prune'], { FAKE_PRUNE: 'not JSON' });
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(stderr).toMatch(/^containerv: SyntaxError: .*\n +at /);
  expect(stderr).not.toContain('undefined');
});

test('there are colours on a terminal, and nowhere else', async () => {
  const escape = '\u001B[';
  expect(await onTerminal(['--help'], { TERM: 'xterm' })).toContain(escape);
  expect(await onTerminal(['--help'], { TERM: 'xterm', NO_COLOR: '1' })).not.toContain(escape);
  expect(await onTerminal(['--help'], { TERM: 'dumb' })).not.toContain(escape);
  expect(await onTerminal(['rnu'], { TERM: 'xterm' })).toContain(`${escape}31mcontainerv:`);
  expect((await new Cli().run(['--help'], { TERM: 'xterm' })).stdout).not.toContain(escape);
});
