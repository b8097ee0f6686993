import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogReader } from '../src/logs/log-reader.js';
import { LogWriter } from '../src/logs/log-writer.js';

const BYTES = 7000;
let directory: string;
let written: boolean;
let log: LogWriter;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'containerv-log-'));
  written = true;
  log = new LogWriter(directory, BYTES, async () => {
    written = false;
  });
});
afterEach(async () => {
  log.destroy();
  if (!log.closed) await new Promise((resolve) => log.once('close', resolve));
  await rm(directory, { recursive: true });
});

function reader(options: { follow?: boolean; signal?: AbortSignal } = {}): LogReader {
  return new LogReader(async () => ({ directory, isWritten: async () => written }), options);
}

/** Bytes of which each tells where it is. */
function bytesAt(from: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (from + at) % 251));
}

async function write(chunk: Buffer | string): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    log.write(chunk, (error) => (error ? reject(error) : resolve())),
  );
}

describe('a log', () => {
  test('that nothing has been written to is empty', async () => {
    expect(await text(reader())).toBe('');
  });

  test('gives what was written, in order', async () => {
    await write('one ');
    await write('two');
    expect(await text(reader())).toBe('one two');
  });

  test('keeps the newest, at least as much as it is to and not much more', async () => {
    let total = 0;
    for (const piece of [333, 5000, 3, 20_000, 1]) {
      for (let times = 0; times < 40; times++) {
        await write(bytesAt(total, piece));
        total += piece;
      }
      const kept = await buffer(reader());
      expect(kept.length).toBeGreaterThanOrEqual(BYTES);
      expect(kept.length).toBeLessThanOrEqual(BYTES * 1.2);
      expect(kept.equals(bytesAt(total - kept.length, kept.length))).toBe(true);
    }
  });

  test('is a few files, however much is written', async () => {
    await write(Buffer.alloc(1 << 20));
    expect((await readdir(directory)).length).toBe(8);
  });
});

describe('a log that is followed', () => {
  test('gives what comes, until the writer has ended', async () => {
    await write('early');
    const all = text(reader({ follow: true }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    await write(' late');
    log.end(' last');
    expect(await all).toBe('early late last');
  });

  test('goes on where it can when a reader was too slow', async () => {
    await write(bytesAt(0, 1000));
    const following = reader({ follow: true });
    const chunks: Buffer[] = [];
    const iterator = following[Symbol.asyncIterator]();
    chunks.push((await iterator.next()).value as Buffer);
    await write(bytesAt(1000, 500_000));
    log.end();
    for (;;) {
      const { value, done } = await iterator.next();
      if (done === true) break;
      chunks.push(value as Buffer);
    }
    const got = Buffer.concat(chunks);
    expect(got.length).toBeLessThan(200_000);
    expect(got.subarray(-1000).equals(bytesAt(500_000, 1000))).toBe(true);
  });

  test('ends when its reader wants it to', async () => {
    const controller = new AbortController();
    const following = reader({ follow: true, signal: controller.signal });
    const closed = new Promise((resolve) => following.once('close', resolve));
    following.resume();
    controller.abort();
    await closed;
  });
});
