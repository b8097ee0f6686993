import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StandardStreams } from '../src/process/standard-streams.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'containerv-streams-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What a process writes comes out of these. */
function streams(
  stdio: StandardStreamsSpec,
  log?: PassThrough,
): { streams: StandardStreams; stdout: PassThrough } {
  const stdout = new PassThrough();
  const handles = { stdin: null, stdout: 1n, stderr: null };
  const open = (): Socket => stdout as unknown as Socket;
  return { streams: new StandardStreams(handles, { stdio, tty: undefined }, open, log), stdout };
}
type StandardStreamsSpec = ConstructorParameters<typeof StandardStreams>[1]['stdio'];

describe('the end of a process whose output goes', () => {
  // A pipe without a reader: what is written to it waits.
  test.skipIf(process.platform === 'win32')('to a descriptor is when all is written there', async () => {
    const fifo = path.join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const fd = openSync(fifo, constants.O_RDWR);
    try {
      const { streams: standard, stdout } = streams([
        { kind: 'ignore' },
        { kind: 'fd', fd },
        { kind: 'ignore' },
      ]);
      const size = 512 * 1024;
      stdout.end(Buffer.alloc(size, 'x'));
      const drained = standard.drained().then(() => 'drained');
      expect(await Promise.race([drained, sleep(300, 'waiting')])).toBe('waiting');
      let read = 0;
      const buffer = Buffer.alloc(64 * 1024);
      while (read < size) {
        read += readSync(fd, buffer);
        await sleep(1);
      }
      expect(await drained).toBe('drained');
    } finally {
      closeSync(fd);
    }
  });

  test('to a stream that nobody reads yet is not when that is read', async () => {
    const stream = new PassThrough();
    const { streams: standard, stdout } = streams([
      { kind: 'ignore' },
      { kind: 'stream', stream },
      { kind: 'ignore' },
    ]);
    stdout.end(Buffer.alloc(512 * 1024, 'x'));
    await standard.drained();
    expect(stream.readableLength).toBeGreaterThan(0);
  });

  test('to a log is the end of that', async () => {
    const log = new PassThrough();
    const { streams: standard, stdout } = streams(
      [{ kind: 'ignore' }, { kind: 'ignore' }, { kind: 'ignore' }],
      log,
    );
    stdout.end('kept');
    const kept: Buffer[] = [];
    log.on('data', (chunk: Buffer) => kept.push(chunk));
    await standard.drained();
    expect([Buffer.concat(kept).toString(), log.closed]).toEqual(['kept', true]);
  });
});
