import { setTimeout as sleep } from 'node:timers/promises';
import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Pump } from '../src/process/pump.js';

/** Writes when it is told to. */
function slowTarget(highWaterMark: number): { target: Writable; written: string[]; release: () => void } {
  const written: string[] = [];
  const held: (() => void)[] = [];
  const target = new Writable({
    highWaterMark,
    write(chunk: Buffer, _encoding, done) {
      held.push(() => {
        written.push(chunk.toString());
        done();
      });
    },
  });
  return { target, written, release: () => held.shift()?.() };
}

test('what came is waited for until it is written', async () => {
  const source = new PassThrough();
  const { target, written, release } = slowTarget(1024);
  const pump = new Pump(source, target, true);
  source.write('one');
  source.end('two');
  await sleep(5);
  const all = pump.written().then(() => 'all');
  release();
  expect(await Promise.race([all, sleep(5, 'a part')])).toBe('a part');
  expect(written).toEqual(['one']);
  release();
  await all;
  expect(written.join('')).toBe('onetwo');
  expect(target.writableEnded).toBe(false);
});

test('a target that is full holds its source back, and goes on', async () => {
  const source = new PassThrough();
  const { target, written, release } = slowTarget(4);
  const pump = new Pump(source, target, true);
  source.write('12345');
  source.write('67890');
  await sleep(5);
  expect([pump.blocked, source.readableFlowing]).toEqual([true, false]);
  release();
  await sleep(5);
  release();
  await pump.written();
  expect([pump.blocked, written]).toEqual([false, ['12345', '67890']]);
});

test.for(['error', 'close'] as const)(
  'after %s of the target the source flows, into nothing',
  async (end) => {
    const source = new PassThrough();
    const { target } = slowTarget(4);
    target.on('error', () => {});
    const pump = new Pump(source, target, true);
    source.write('12345');
    await sleep(5);
    const waiting = pump.written();
    target.destroy(end === 'error' ? new Error('full') : undefined);
    await waiting;
    source.end(Buffer.alloc(1 << 20));
    await new Promise((resolve) => source.once('end', resolve));
    expect(pump.blocked).toBe(false);
  },
);

test('a target that has ended gets nothing, not even an error', async () => {
  const source = new PassThrough();
  const target = new PassThrough();
  const errors: unknown[] = [];
  target.on('error', (error) => errors.push(error)).end();
  const pump = new Pump(source, target, true);
  source.end('lost');
  await new Promise((resolve) => source.once('end', resolve));
  await pump.written();
  expect(errors).toEqual([]);
});
