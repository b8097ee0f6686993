import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FdReadable } from '../../src/process/fd-readable.js';
import { FakeDescriptor, systemFailure } from '../support/fake-native.js';

const HIGH_WATER_MARK = 64 * 1024;

function readableOf(...incoming: FakeDescriptor['incoming']): {
  descriptor: FakeDescriptor;
  stream: FdReadable;
} {
  const descriptor = new FakeDescriptor();
  descriptor.incoming.push(...incoming);
  return { descriptor, stream: new FdReadable(descriptor.native, FakeDescriptor.FD) };
}

test('it reads ahead of its reader, as child_process does, up to the high-water mark', () => {
  const chunk = Buffer.alloc(HIGH_WATER_MARK / 2);
  const { descriptor, stream } = readableOf(chunk, chunk, chunk);
  let events = 0;
  while (descriptor.event()) events++;
  expect(events).toBe(2);
  expect(stream.readableLength).toBe(HIGH_WATER_MARK);
});

test('a slow reader loses nothing', async () => {
  const { descriptor, stream } = readableOf(
    ...Array.from({ length: 20 }, (_, index) => Buffer.alloc(30_000, index)),
    'end',
  );
  let size = 0;
  const loop = setInterval(() => descriptor.event());
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    await turn();
  }
  clearInterval(loop);
  expect(size).toBe(600_000);
  expect(descriptor.closed).toBe(1);
});

test('draining takes what is there past the mark, and ends the stream where its end is there', async () => {
  const { descriptor, stream } = readableOf(Buffer.alloc(200_000, 'x'), 'end');
  stream.drain();
  expect(stream.readableLength).toBe(200_000);
  expect(descriptor.closed).toBe(1);
  expect((await text(stream)).length).toBe(200_000);
});

test('draining without an end leaves it open for more', () => {
  const { descriptor, stream } = readableOf(Buffer.from('a'));
  stream.drain();
  descriptor.incoming.push(Buffer.from('b'), 'end');
  stream.drain();
  expect(String(stream.read())).toBe('ab');
  expect(descriptor.closed).toBe(1);
});

test('destroying it closes the descriptor once, and nothing comes afterwards', async () => {
  const { descriptor, stream } = readableOf(Buffer.from('a'), 'end');
  stream.destroy();
  stream.destroy();
  await once(stream, 'close');
  stream.drain();
  expect([descriptor.closed, descriptor.incoming.length, descriptor.event()]).toEqual([1, 2, false]);
});

test('a failure is the stream’s error', async () => {
  const failure = systemFailure('read', 5);
  const { descriptor, stream } = readableOf(failure);
  const told = once(stream, 'error');
  descriptor.event();
  expect(await told).toEqual([failure]);
  expect(descriptor.closed).toBe(1);
});
