import type { ContainerProcess } from 'containerv-linux';
import { expect, test } from 'vitest';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { describeAsRoot } from '../support/privilege.js';

interface Told {
  readonly event: string;
  readonly columns: number;
  readonly rows: number;
  readonly terminals: number;
  readonly name: string;
  readonly owner: number;
  readonly controlling: boolean;
  readonly foreground: boolean;
  readonly console: boolean;
}

/** What the program `terminal` has told so far. */
function listen({ stdout }: ContainerProcess): () => Told[] {
  let text = '';
  stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () =>
    text
      .split('\r\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Told);
}

test('a terminal is the process’s own: all three streams, in control, in the foreground', async () => {
  await using container = await small();
  const process = await container.spawn('terminal', [], { tty: true });
  expect(process.stderr).toBe(null);
  const told = listen(process);
  await eventually(() => expect(told()).toHaveLength(1));
  expect(told()[0]).toEqual({
    event: 'start',
    columns: 80,
    rows: 24,
    terminals: 3,
    name: '/dev/pts/0',
    owner: 0,
    controlling: true,
    foreground: true,
    console: true,
  });
  process.stdin?.write('q\n');
  expect(await process.wait()).toMatchObject({ exitCode: 0, cause: 'exit' });
});

test('its size is the one asked for, and changes with resize()', async () => {
  await using container = await small();
  const process = await container.spawn('terminal', [], { tty: { columns: 132, rows: 50 } });
  const told = listen(process);
  await eventually(() => expect(told()).toMatchObject([{ columns: 132, rows: 50 }]));
  await process.resize({ columns: 40, rows: 10 });
  await eventually(() => expect(told().at(-1)).toMatchObject({ event: 'resize', columns: 40, rows: 10 }));
  await failure(process.resize({ columns: 0, rows: 10 }), { code: 'ERR_CONTAINERV_INVALID_OPTION' });
  process.stdin?.write('q\n');
  await process.wait();
});

describeAsRoot('the owner of a terminal', () => {
  test('is the user of the process', async () => {
    await using container = await small();
    const process = await container.spawn('terminal', [], { tty: true, user: 'builder' });
    const told = listen(process);
    await eventually(() => expect(told()).toMatchObject([{ owner: 1000 }]));
    await process.kill('SIGKILL');
    await process.wait();
  });
});

test('control characters are signals, and the end of input is one', async () => {
  await using container = await small();
  const interrupted = await container.spawn('sleep', [], { tty: true });
  await eventually(() => expect(interrupted.stdout?.readableLength).toBeGreaterThan(0));
  interrupted.stdin?.write('\u0003');
  expect(await interrupted.wait()).toMatchObject({ signal: 'SIGINT' });
  const reader = await container.spawn('terminal', [], { tty: true });
  const told = listen(reader);
  await eventually(() => expect(told()).toHaveLength(1));
  reader.stdin?.write('\u0004');
  expect(await reader.wait()).toMatchObject({ exitCode: 0 });
});

test('several at once have one each, and numbers are used again', async () => {
  await using container = await small();
  const children = await Promise.all(
    Array.from({ length: 5 }, async () => container.spawn('terminal', [], { tty: true })),
  );
  const tellers = children.map(listen);
  await eventually(() => expect(tellers.flatMap((told) => told())).toHaveLength(5));
  expect(new Set(tellers.map((told) => told()[0]?.name)).size).toBe(5);
  for (const child of children) child.stdin?.write('q\n');
  await Promise.all(children.map(async (child) => child.wait()));
  for (let round = 0; round < 20; round++) {
    const { stdout } = await container.run('descriptors', [], { tty: true });
    expect(JSON.parse(stdout)['0']).toMatch(/^\/dev\/pts\/[0-5]$/);
  }
});

test('a process without one says so', async () => {
  await using container = await small();
  const process = await container.spawn('sleep');
  await failure(process.resize({ columns: 10, rows: 10 }), {
    code: 'ERR_CONTAINERV_STATE',
    hint: /tty: true/,
  });
  await process.kill('SIGKILL');
  await process.wait();
});

test('output through a terminal is whole at the end', async () => {
  await using container = await small();
  for (let round = 0; round < 30; round++) {
    const { stdout } = await container.run('echo', ['x'.repeat(3000)], { tty: true });
    expect(stdout).toBe(`${'x'.repeat(3000)}\r\n`);
  }
});
