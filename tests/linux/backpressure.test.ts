import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { processes, small } from '../support/container.js';
import { bytesOf } from '../support/collect.js';
import { digest, pouredBytes } from '../support/stream.js';

const MEBIBYTE = 1024 ** 2;
const PIPE_AND_BUFFER = 4 * MEBIBYTE;

describe('a slow reader', () => {
  test('holds the writer up instead of filling memory', async () => {
    await using container = await small();
    const process = await container.spawn('flood');
    await sleep(100);
    const before = globalThis.process.memoryUsage();
    await sleep(500);
    const after = globalThis.process.memoryUsage();
    const grown = after.external + after.arrayBuffers - before.external - before.arrayBuffers;
    expect(grown).toBeLessThan(PIPE_AND_BUFFER);
    expect(process.stdout?.readableLength).toBeLessThan(PIPE_AND_BUFFER);
    // It waits in write(2) and uses no processor.
    expect((await processes(container)).find(({ name }) => name === 'flood')).toMatchObject({ state: 'S' });
    await process.kill('SIGKILL');
    expect((await process.wait()).resourceUsage.userCpuMs).toBeLessThan(500);
  });

  test('gets every byte in the end', async () => {
    await using container = await small();
    const size = 4 * MEBIBYTE;
    const process = await container.spawn('pour', [`${size}`, '5']);
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdout as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      await sleep(1);
    }
    expect(digest(Buffer.concat(chunks))).toBe(digest(pouredBytes(size, 5)));
    expect(await process.wait()).toMatchObject({ exitCode: 0 });
  });

  test('of one stream does not hold the other up', async () => {
    await using container = await small();
    const process = await container.spawn('flood', [], { stdio: ['ignore', 'pipe', 'pipe'] });
    const other = await container.run('echo', ['meanwhile']);
    expect(other.stdout).toBe('meanwhile\n');
    await process.kill('SIGKILL');
    await process.wait();
  });
});

describe('a writer', () => {
  test('is told to wait when the process does not read', async () => {
    await using container = await small();
    const process = await container.spawn('sleep');
    process.stdin?.on('error', () => {});
    let accepted = 0;
    while (process.stdin?.write(Buffer.alloc(64 * 1024))) {
      accepted += 64 * 1024;
      expect(accepted).toBeLessThan(PIPE_AND_BUFFER);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await process.kill('SIGKILL');
    await process.wait();
  });

  test('drains as the process reads', async () => {
    await using container = await small();
    const process = await container.spawn('cat');
    const output = bytesOf(process.stdout);
    const input = pouredBytes(8 * MEBIBYTE, 9);
    for (let at = 0; at < input.length; at += 100_000) {
      if (process.stdin?.write(input.subarray(at, at + 100_000)) === false) {
        await new Promise((resolve) => process.stdin?.once('drain', resolve));
      }
    }
    process.stdin?.end();
    expect(digest(await output)).toBe(digest(input));
  });
});

test('what nobody reads does not keep a process from ending', async () => {
  await using container = await small();
  const process = await container.spawn('pour', ['60000', '1']);
  expect(await process.wait()).toMatchObject({ exitCode: 0 });
});
