import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { WRITABLE } from '../../src/native.js';
import { FdWritable } from '../../src/process/fd-writable.js';
import { FakeDescriptor, systemFailure } from '../support/fake-native.js';
import { fc } from '../support/property.js';

const EPIPE = 32;
const EIO = 5;

function writableOf(room = Infinity): { descriptor: FakeDescriptor; stream: FdWritable } {
  const descriptor = new FakeDescriptor();
  descriptor.room = room;
  return { descriptor, stream: new FdWritable(descriptor.native, FakeDescriptor.FD) };
}

test('what is written goes out, and the end closes the descriptor', async () => {
  const { descriptor, stream } = writableOf();
  stream.write('a');
  stream.write(Buffer.from('b'));
  stream.end('c');
  await finished(stream);
  expect([descriptor.text, descriptor.closed]).toEqual(['abc', 1]);
});

test('an end without data closes it too', async () => {
  const { descriptor, stream } = writableOf();
  stream.end();
  await finished(stream);
  expect([descriptor.text, descriptor.closed]).toEqual(['', 1]);
});

test('an empty chunk is not written', async () => {
  const { descriptor, stream } = writableOf();
  stream.end('');
  await finished(stream);
  expect(descriptor.written).toEqual([]);
});

test('a full pipe makes it wait, and go on with the rest', async () => {
  const { descriptor, stream } = writableOf(2);
  const done = finished(stream);
  stream.end('abcde');
  expect([descriptor.text, descriptor.watched, descriptor.closed]).toEqual(['ab', WRITABLE, 0]);
  descriptor.room = 1;
  descriptor.event();
  expect([descriptor.text, descriptor.watched]).toEqual(['abc', WRITABLE]);
  descriptor.room = 9;
  descriptor.event();
  await done;
  expect([descriptor.text, descriptor.closed]).toEqual(['abcde', 1]);
});

test('while it waits it asks its writer to', () => {
  const { stream } = writableOf(0);
  expect(stream.write(Buffer.alloc(stream.writableHighWaterMark))).toBe(false);
  expect(stream.writableNeedDrain).toBe(true);
});

test('nothing is waited for when there is nothing to write', async () => {
  const { descriptor, stream } = writableOf(1);
  await new Promise<void>((resolve) => {
    stream.write('ab', () => resolve());
    descriptor.room = 1;
    descriptor.event();
  });
  expect(descriptor.watched).toBe(0);
});

test('a reader that has gone is EPIPE, as of node:net', async () => {
  const { descriptor, stream } = writableOf();
  descriptor.writeError = systemFailure('write', EPIPE);
  const told = once(stream, 'error');
  stream.write('a');
  expect(await told).toEqual([expect.objectContaining({ code: 'EPIPE', syscall: 'write' })]);
  expect(descriptor.closed).toBe(1);
});

test('also when it goes while we wait', async () => {
  const { descriptor, stream } = writableOf(1);
  const told = once(stream, 'error');
  stream.write('ab');
  descriptor.writeError = systemFailure('write', EPIPE);
  descriptor.event();
  expect(await told).toMatchObject([{ code: 'EPIPE' }]);
  expect(descriptor.closed).toBe(1);
});

test('another failure is not called EPIPE', async () => {
  const { descriptor, stream } = writableOf();
  descriptor.writeError = systemFailure('write', EIO);
  const told = once(stream, 'error');
  stream.write('a');
  const [error] = (await told) as [Error];
  expect(error).not.toHaveProperty('code');
});

test('destroying it while it waits tells the writer, and closes once', async () => {
  const { descriptor, stream } = writableOf(0);
  const written = new Promise<unknown>((resolve) => {
    stream.write('a', resolve);
  });
  stream.destroy();
  stream.destroy();
  await once(stream, 'close');
  expect(await written).toBeInstanceOf(Error);
  expect([descriptor.closed, descriptor.event()]).toEqual([1, false]);
});

test('no byte is lost or doubled, however little room there is', async () => {
  const chunks = fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.array(fc.integer({ min: 1, max: 30 })), async (texts, rooms) => {
      const { descriptor, stream } = writableOf(0);
      const done = finished(stream);
      for (const each of texts) stream.write(each);
      stream.end();
      for (let at = 0; !stream.writableFinished; at++) {
        descriptor.room = rooms[at] ?? 50;
        if (!descriptor.event()) await new Promise((resolve) => setImmediate(resolve));
      }
      await done;
      expect(descriptor.text).toBe(texts.join(''));
      expect(descriptor.closed).toBe(1);
    }),
    { numRuns: 50 },
  );
});
