import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createContainer, type Container } from 'containerv-linux';
import { expect, test } from 'vitest';
import { small } from '../support/container.js';
import { openDescriptors, settledDescriptors } from '../support/descriptors.js';
import { eventually } from '../support/eventually.js';
import { initPid } from '../support/host.js';
import { sharedRoot } from '../support/root.js';
import { full, isRoot, program } from '../support/suite.js';
import { without } from '../support/multiset.mjs';

const MEBIBYTE = 1024 ** 2;
const timeout = full ? 3_600_000 : 240_000;

/** Memory of a process that is nobody else's; 0 without root, who alone may look at a process 1. */
function ownBytes(pid: number): number {
  if (!isRoot) return 0;
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kibibytes = [...text.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].map(([, number]) => Number(number));
  return kibibytes.reduce((sum, number) => sum + number, 0) * 1024;
}

const ALIVE = full ? 1000 : 50;

test(`${ALIVE} containers live at the same time, each in less than 1 MiB, and all of them answer`, {
  timeout,
}, async () => {
  const before = await settledDescriptors();
  const containers: Container[] = [];
  try {
    for (let made = 0; made < ALIVE; made++) containers.push(await createContainer({ rootfs: sharedRoot() }));
    const answers = await Promise.all(
      containers.map(async (container, index) => (await container.run('echo', [String(index)])).stdout),
    );
    expect(answers).toEqual(containers.map((_, index) => `${index}\n`));
    for (const container of [containers[0], containers.at(-1)])
      expect(ownBytes(await initPid(container as Container))).toBeLessThan(MEBIBYTE);
  } finally {
    await Promise.all(containers.map(async (container) => container.destroy()));
  }
  await eventually(() => expect(without(openDescriptors(), before)).toEqual([]));
});

const IN_A_ROW = full ? 10_000 : 150;

test(`${IN_A_ROW} containers one after the other leave memory and descriptors as they were`, {
  timeout,
}, async () => {
  const makeAndRun = async (turn: number): Promise<void> => {
    await using container = await small();
    expect((await container.run('echo', [String(turn)])).stdout).toBe(`${turn}\n`);
  };
  // What grows until it is as large as it has to be.
  for (let turn = 0; turn < IN_A_ROW / 5; turn++) await makeAndRun(turn);
  const before = await settledDescriptors();
  const { rss } = process.memoryUsage();
  for (let turn = 0; turn < IN_A_ROW; turn++) await makeAndRun(turn);
  await eventually(() => expect(without(openDescriptors(), before)).toEqual([]));
  expect(process.memoryUsage().rss - rss).toBeLessThan(100 * MEBIBYTE);
});

const POURED = (full ? 10 : 1) * 1024 * MEBIBYTE;

test(`a process that writes ${POURED / 2 ** 30} GiB passes through without being kept`, {
  timeout,
}, async () => {
  await using container = await small();
  const child = await container.spawn('flood');
  const before = process.memoryUsage().rss;
  let got = 0;
  let highest = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    got += chunk.length;
    highest = Math.max(highest, process.memoryUsage.rss());
    if (got >= POURED) break;
  }
  // The reader is gone: the writer is told, as in any pipe.
  expect(await child.wait()).toMatchObject({ signal: 'SIGPIPE', cause: 'signal' });
  expect(highest - before).toBeLessThan(200 * MEBIBYTE);
});

test('clients that connect and stall, or ask and never read, hold nobody up', { timeout }, async () => {
  await using container = await small();
  const socket = path.join(process.env['CONTAINERV_STATE_DIR'] ?? '', container.id, 'control');
  const callers = spawn(program('callers'), [socket, '50'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(callers, 'close');
  try {
    const [said] = (await once(callers.stdout, 'data')) as [Buffer];
    expect(said.toString()).toBe('stalled\n');
    for (let turn = 0; turn < 20; turn++)
      expect((await container.run('echo', [String(turn)])).stdout).toBe(`${turn}\n`);
    expect(ownBytes(await initPid(container))).toBeLessThan(60 * MEBIBYTE);
  } finally {
    callers.kill('SIGKILL');
    await ended;
  }
  expect((await container.run('echo', ['after'])).stdout).toBe('after\n');
});
