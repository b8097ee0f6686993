import { describe, expect, test } from 'vitest';
import { WireReader, WireWriter } from '../src/wire.js';
import { fc, property } from './support/property.js';

type Field =
  | { readonly kind: 'u32'; readonly value: number }
  | { readonly kind: 'u64'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string };

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
// Unpaired surrogates have no UTF-8 form; options are checked for NUL characters before they come here.
const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => value.replaceAll('\0', ''));
const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('u32' as const), value: u32 }),
  fc.record({ kind: fc.constant('u64' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('text' as const), value: text }),
);

function write(writer: WireWriter, { kind, value }: Field): void {
  if (kind === 'text') writer.text(value);
  else writer[kind](value);
}

property([u32, u32, fc.array(field, { maxLength: 40 })])(
  'what is written is read back, however large the message grows',
  (type, request, fields) => {
    const writer = new WireWriter(type, request);
    for (const each of fields) write(writer, each);
    const reader = new WireReader(writer.finish());
    expect([reader.u32(), reader.u32()]).toEqual([type, request]);
    expect(fields.map(({ kind }) => reader[kind]())).toEqual(fields.map(({ value }) => value));
    expect(() => reader.u32()).toThrow(RangeError);
  },
);

property([fc.array(field, { minLength: 1, maxLength: 8 }), fc.nat()])(
  'a message that is cut anywhere is an error, never other values',
  (fields, seed) => {
    const writer = new WireWriter(1, 2);
    for (const each of fields) write(writer, each);
    const whole = writer.finish();
    const reader = new WireReader(Buffer.from(whole.subarray(0, seed % whole.length)));
    const readAll = (): unknown[] => [
      reader.u32(),
      reader.u32(),
      ...fields.map(({ kind }) => reader[kind]()),
    ];
    expect(readAll).toThrow(RangeError);
  },
);

property([fc.uint8Array({ maxLength: 64 })])(
  'arbitrary bytes are read or refused with a RangeError',
  (bytes) => {
    const reader = new WireReader(Buffer.from(bytes));
    for (let count = 0; count < 40; count++) {
      try {
        reader.text();
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
    }
    throw new Error('there was more to read than was written');
  },
);

test('a field may be many times larger than what was there before', () => {
  const long = 'é'.repeat(100_000);
  const reader = new WireReader(new WireWriter(1, 2).text(long).bytes(Buffer.alloc(1_000_000)).finish());
  reader.u64();
  expect(reader.text()).toBe(long);
  expect(reader.u32()).toBe(1_000_000);
});

describe('the bytes that init reads', () => {
  const bytesOf = (fill: (writer: WireWriter) => unknown): number[] => {
    const writer = new WireWriter(7, 9);
    fill(writer);
    return [...writer.finish().subarray(8)];
  };

  test('type and request come first, little-endian', () => {
    expect([...new WireWriter(0x0102, 0xfffffffe).finish()]).toEqual([2, 1, 0, 0, 0xfe, 0xff, 0xff, 0xff]);
  });

  test('text has its length in bytes, the terminating NUL included', () => {
    expect(bytesOf((writer) => writer.text('é'))).toEqual([3, 0, 0, 0, 0xc3, 0xa9, 0]);
    expect(bytesOf((writer) => writer.text(''))).toEqual([1, 0, 0, 0, 0]);
  });

  test('bytes have no terminator', () => {
    expect(bytesOf((writer) => writer.bytes(Uint8Array.of(5, 0)))).toEqual([2, 0, 0, 0, 5, 0]);
  });

  test('a list has its count first', () => {
    expect(bytesOf((writer) => writer.list([3, 4], (item) => writer.u32(item)))).toEqual([
      2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0,
    ]);
  });

  test('unlimited is all ones, and bigints keep every bit', () => {
    expect(bytesOf((writer) => writer.u64(0xffff_ffff_ffff_ffffn))).toEqual(
      Array.from({ length: 8 }, () => 255),
    );
    expect(bytesOf((writer) => writer.u64(0x0123_4567_89ab_cdefn))).toEqual([
      0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
    ]);
  });
});
