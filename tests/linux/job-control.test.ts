import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Container, ContainerProcess, SpawnOptions } from 'containerv-linux';
import { expect, test } from 'vitest';
import { processes, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { scratchPath } from '../support/scratch.js';

const CTRL_C = '\u0003';
const CTRL_Z = '\u001A';
const job: SpawnOptions = { tty: true, jobControl: true };

async function started(container: Container, command: string, options: SpawnOptions = job) {
  const process = await container.spawn(command, [], options);
  const stops: string[] = [];
  process.on('stop', (signal) => stops.push(signal));
  await eventually(() => expect(process.stdout?.readableLength).toBeGreaterThan(0));
  return { process, stops };
}

async function stateOf(container: Container, { pid }: ContainerProcess): Promise<string | undefined> {
  return (await processes(container)).find((process) => process.pid === pid)?.state;
}

test('Ctrl-Z stops a job, SIGCONT continues it, Ctrl-C ends it', async () => {
  await using container = await small();
  const { process, stops } = await started(container, 'sleep');
  for (let round = 1; round <= 3; round++) {
    process.stdin?.write(CTRL_Z);
    await eventually(() => expect(stops).toHaveLength(round));
    expect(await stateOf(container, process)).toBe('T');
    await process.kill('SIGCONT', { group: true });
    await eventually(async () => expect(await stateOf(container, process)).toBe('S'));
  }
  expect(stops).toEqual(['SIGTSTP', 'SIGTSTP', 'SIGTSTP']);
  process.stdin?.write(CTRL_C);
  expect(await process.wait()).toMatchObject({ exitCode: null, signal: 'SIGINT', cause: 'signal' });
});

test('the terminal is the job’s as much as any other process’s', async () => {
  await using container = await small();
  const { process } = await started(container, 'terminal');
  const [told = ''] = process.stdout?.read().toString().split('\r\n') ?? [];
  expect(JSON.parse(told)).toMatchObject({
    terminals: 3,
    controlling: true,
    foreground: true,
    console: true,
  });
  process.stdin?.write('q\n');
  expect(await process.wait()).toMatchObject({ exitCode: 0 });
});

test.for([
  ['exit', ['42'], { exitCode: 42, signal: null }],
  ['raise', ['9'], { exitCode: null, signal: 'SIGKILL' }],
  ['raise', ['11'], { exitCode: null, signal: 'SIGSEGV' }],
] as const)('%s %j ends as it would without a leader', async ([command, args, ended]) => {
  await using container = await small();
  const process = await container.spawn(command, [...args], job);
  expect(await process.wait()).toMatchObject(ended);
});

test('a command that is not there is told, and nothing stays', async () => {
  await using container = await small();
  await expect(container.spawn('no-such-command', [], job)).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_SPAWN',
    errno: 'ENOENT',
  });
  await eventually(async () => expect(await processes(container)).toHaveLength(2));
});

test('whoever kills the session’s leader ends the command', async () => {
  await using container = await small();
  const { process } = await started(container, 'stubborn');
  const leader = (await processes(container)).find(({ pid }) => pid === process.pid)?.ppid ?? 0;
  expect(leader).toBeGreaterThan(1);
  await container.kill(leader, 'SIGKILL');
  expect(await process.wait()).toMatchObject({ signal: 'SIGKILL' });
  await eventually(async () => expect(await processes(container)).toHaveLength(2));
});

test('a stopped job ends with the container', async () => {
  const container = await small();
  const { process, stops } = await started(container, 'sleep');
  process.stdin?.write(CTRL_Z);
  await eventually(() => expect(stops).toHaveLength(1));
  await container.destroy();
  expect(await process.wait()).toMatchObject({ cause: 'destroyed' });
});

test('without a terminal, stops are told too; without job control they are not', async () => {
  await using container = await small();
  for (const jobControl of [true, false]) {
    const { process, stops } = await started(container, 'sleep', { jobControl });
    await process.kill('SIGSTOP');
    await eventually(async () => expect(await stateOf(container, process)).toBe('T'));
    if (jobControl) await eventually(() => expect(stops).toEqual(['SIGSTOP']));
    await process.kill('SIGKILL');
    await process.wait();
    expect(stops).toEqual(jobControl ? ['SIGSTOP'] : []);
  }
});

test('stderr can be apart from the terminal', async () => {
  await using container = await small();
  const file = scratchPath('stderr');
  const fd = openSync(file, 'w');
  try {
    const process = await container.spawn('say', ['out', '1', 'err', '2'], {
      tty: true,
      stdio: ['pipe', 'pipe', fd],
    });
    let out = '';
    process.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await process.wait();
    expect({ out, err: readFileSync(file, 'utf8') }).toEqual({ out: 'out', err: 'err' });
  } finally {
    closeSync(fd);
  }
});
