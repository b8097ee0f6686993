import { describe, expect, test } from 'vitest';
import { encode, RET_K } from '../../src/seccomp/bpf.js';
import { decodeFilter, runFilter } from '../../src/seccomp/interpreter.js';

const ret = { code: RET_K, jt: 0, jf: 0, k: 0x7fff0000 };
const program = (
  ...list: readonly (readonly [code: number, k?: number, jt?: number, jf?: number])[]
): Uint8Array => encode([...list.map(([code, k = 0, jt = 0, jf = 0]) => ({ code, k, jt, jf })), ret]);

describe('programs that the kernel would not load', () => {
  test.for<[string, Uint8Array]>([
    ['none', new Uint8Array(0)],
    ['half an instruction', new Uint8Array(12)],
    ['too many', encode(Array.from({ length: 4097 }, () => ret))],
    ['without return', encode([{ code: 0x00, jt: 0, jf: 0, k: 0 }])],
    ['a load past the data', program([0x20, 64])],
    ['a load that is not aligned', program([0x20, 2])],
    ['a load of bytes', program([0x30, 0])],
    ['a scratch word too many', program([0x02, 16])],
    ['division by zero', program([0x34, 0])],
    ['a shift by 32', program([0x64, 32])],
    ['modulo', program([0x94, 2])],
    ['a jump past the end', program([0x05, 1])],
    ['a conditional jump past the end', program([0x15, 0, 0, 1])],
    ['a jump backwards', program([0x05, 0xffffffff])],
  ])('%s', ([, bytes]) => {
    expect(() => decodeFilter(bytes)).toThrow(RangeError);
    expect(() => runFilter(bytes, { number: 0, auditArch: 0, args: [] })).toThrow(RangeError);
  });
});

test('the longest program that it would load', () => {
  const longest = encode(
    Array.from({ length: 4096 }, (_, at) => (at === 4095 ? ret : { code: 0x80, jt: 0, jf: 0, k: 0 })),
  );
  expect(runFilter(longest, { number: 0, auditArch: 0, args: [] })).toEqual({
    answer: 0x7fff0000,
    instructions: 4096,
  });
});

test('arguments are read by halves, negative numbers as the kernel sees them', () => {
  const words = [0, 4, 8, 12, 16, 20, 56, 60].map(
    (offset) =>
      runFilter(
        encode([
          { code: 0x20, jt: 0, jf: 0, k: offset },
          { code: 0x16, jt: 0, jf: 0, k: 0 },
        ]),
        {
          number: -1,
          auditArch: 0xc000003e,
          args: [0x1111111122222222n, 0n, 0n, 0n, 0n, 0xaaaaaaaabbbbbbbbn],
          instructionPointer: 0x3333333344444444n,
        },
      ).answer,
  );
  expect(words).toEqual([
    0xffffffff, 0xc000003e, 0x44444444, 0x33333333, 0x22222222, 0x11111111, 0xbbbbbbbb, 0xaaaaaaaa,
  ]);
});
