import { describe, expect, test } from 'vitest';
import { READABLE } from '../../src/native.js';
import { FdSource } from '../../src/process/fd-source.js';
import { FakeDescriptor, systemFailure } from '../support/fake-native.js';
import { fc, property } from '../support/property.js';

const EIO = 5;
const [A, B, C] = [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')];

class Fixture {
  readonly descriptor = new FakeDescriptor();
  readonly chunks: Buffer[] = [];
  readonly ends: (Error | 'end')[] = [];
  wanted = true;
  readonly source: FdSource;

  constructor(...incoming: FakeDescriptor['incoming']) {
    this.descriptor.incoming.push(...incoming);
    this.source = new FdSource(this.descriptor.native, FakeDescriptor.FD, {
      data: (chunk) => (this.chunks.push(chunk), this.wanted),
      end: () => this.ends.push('end'),
      failed: (error) => this.ends.push(error),
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

test('nothing is read before it is asked for', () => {
  const { descriptor, chunks } = new Fixture(A);
  expect(descriptor.event()).toBe(false);
  expect(chunks).toEqual([]);
});

test('data comes as it is there, and the end once', () => {
  const fixture = new Fixture(A, B);
  fixture.source.resume();
  expect(fixture.descriptor.watched).toBe(READABLE);
  fixture.descriptor.event();
  fixture.descriptor.event();
  fixture.descriptor.event();
  expect([fixture.text, fixture.ends]).toEqual(['ab', []]);
  fixture.descriptor.incoming.push('end');
  fixture.descriptor.event();
  expect(fixture.ends).toEqual(['end']);
  expect(fixture.descriptor.closed).toBe(1);
  expect(fixture.source.open).toBe(false);
});

test('a reader that has enough is not fed, until it asks again', () => {
  const fixture = new Fixture(A, B, C);
  fixture.wanted = false;
  fixture.source.resume();
  fixture.descriptor.event();
  expect(fixture.descriptor.watched).toBe(0);
  expect(fixture.text).toBe('a');
  fixture.source.resume();
  fixture.source.resume();
  fixture.descriptor.event();
  expect(fixture.text).toBe('ab');
});

describe('a writer in a hurry', () => {
  const full = (fill: number): Buffer => Buffer.alloc(64 * 1024, fill);

  test('is read several times in a turn, while it is wanted', () => {
    const fixture = new Fixture(full(1), full(2), A, B);
    fixture.source.resume();
    fixture.descriptor.event();
    expect(fixture.chunks).toEqual([full(1), full(2), A]);
    const sated = new Fixture(full(1), full(2));
    sated.wanted = false;
    sated.source.resume();
    sated.descriptor.event();
    expect(sated.chunks).toEqual([full(1)]);
  });

  test('leaves others a turn', () => {
    const fixture = new Fixture(...Array.from({ length: 30 }, (_, index) => full(index)));
    fixture.source.resume();
    fixture.descriptor.event();
    expect(fixture.chunks).toHaveLength(8);
  });

  test('gets a larger pipe, once, after several full reads in a row', () => {
    const fixture = new Fixture(full(1), full(2), full(3), A, full(1), full(2), full(3));
    fixture.source.resume();
    fixture.descriptor.event();
    fixture.descriptor.event();
    expect(fixture.descriptor.grown).toEqual([]);
    fixture.descriptor.incoming.push(full(4), full(5), full(6), full(7), full(8));
    fixture.descriptor.event();
    fixture.descriptor.event();
    expect(fixture.descriptor.grown).toEqual([256 * 1024]);
  });
});

describe('drain', () => {
  test('takes all that is there, wanted or not, and waits for nothing', () => {
    const fixture = new Fixture(A, B, C);
    fixture.wanted = false;
    fixture.source.drain();
    expect([fixture.text, fixture.source.open, fixture.ends]).toEqual(['abc', true, []]);
  });

  test('ends where the end is there', () => {
    const fixture = new Fixture(A, 'end');
    fixture.source.drain();
    expect([fixture.text, fixture.ends, fixture.descriptor.closed]).toEqual(['a', ['end'], 1]);
  });

  test('of a closed source is nothing', () => {
    const fixture = new Fixture(A);
    fixture.source.close();
    fixture.source.drain();
    expect(fixture.chunks).toEqual([]);
  });
});

test('a failure is told once, with the descriptor closed', () => {
  const failure = systemFailure('read', EIO);
  const fixture = new Fixture(failure);
  fixture.source.resume();
  fixture.descriptor.event();
  expect(fixture.ends).toEqual([failure]);
  expect(fixture.descriptor.closed).toBe(1);
});

test('it may be closed from within, by who gets the data', () => {
  const descriptor = new FakeDescriptor();
  descriptor.incoming.push(A, B);
  const source: FdSource = new FdSource(descriptor.native, FakeDescriptor.FD, {
    data: () => (source.close(), false),
    end: () => expect.fail('there was no end'),
    failed: () => expect.fail('nothing failed'),
  });
  source.resume();
  descriptor.event();
  expect([descriptor.closed, descriptor.incoming.length]).toEqual([1, 1]);
});

test('closing is done once, however often it is asked for', () => {
  const fixture = new Fixture();
  fixture.source.close();
  fixture.source.close();
  fixture.source.resume();
  expect([fixture.descriptor.closed, fixture.descriptor.pollsClosed, fixture.descriptor.watched]).toEqual([
    1, 1, 0,
  ]);
});

test('what was handed over does not change when more is read', () => {
  const fixture = new Fixture(Buffer.from('first'), Buffer.from('other'));
  fixture.source.drain();
  expect(fixture.chunks.map(String)).toEqual(['first', 'other']);
});

property([
  fc.array(
    fc.integer({ min: 1, max: 150_000 }).map((size) => Buffer.alloc(size, size % 251)),
    { maxLength: 4 },
  ),
  fc.array(fc.boolean()),
])('no byte is lost or doubled, whatever the reader wants', (chunks, wants) => {
  const fixture = new Fixture(...chunks.map((chunk) => Buffer.from(chunk)), 'end');
  for (let turn = 0; fixture.ends.length === 0; turn++) {
    fixture.wanted = wants[turn] ?? true;
    fixture.source.resume();
    fixture.descriptor.event();
  }
  expect(Buffer.concat(fixture.chunks).equals(Buffer.concat(chunks))).toBe(true);
  expect(fixture.descriptor.closed).toBe(1);
});
