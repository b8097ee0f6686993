import { existsSync, readFileSync } from 'node:fs';
import { array, assert, integer, nat, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KernelTypes } from '../../src/bpf-lsm/kernel-types.js';
import { encodeTypes, type FakeType, INTEGER, structure } from '../support/kernel-types.js';

const TYPES: readonly FakeType[] = [
  INTEGER,
  // 2: a structure with a bit field, an unnamed union and a structure behind names
  structure(
    'file',
    [
      ['f_count', 1, 0],
      ['f_bits', 1, (3 << 24) | 32],
      ['', 3, 64],
      ['f_path', 6, 128],
    ],
    true,
  ),
  { kind: 5, value: 8, count: 2, rest: ['f_mode', 1, 0, 'f_list', 1, 8] },
  structure('path', [
    ['mnt', 1, 0],
    ['dentry', 1, 64],
  ]),
  { kind: 10, value: 4 },
  { kind: 8, name: 'path_t', value: 5 },
  { kind: 13, value: 1, count: 2, rest: ['one', 1, 'two', 1] },
  { kind: 12, name: 'bpf_lsm_file_open', value: 7, count: 1 },
  { kind: 12, name: 'file_open', value: 7, count: 1 },
  structure('twice', [
    ['same', 1, 32],
    ['moved', 1, 64],
  ]),
  structure('twice', [
    ['same', 1, 32],
    ['moved', 1, 96],
  ]),
];

describe('of a few types', () => {
  const types = new KernelTypes(encodeTypes(TYPES));

  test.for([
    [['file', 'f_count'], 0],
    [['file', 'f_mode'], 8],
    [['file', 'f_list'], 9],
    [['file', 'f_path', 'dentry'], 24],
    [['path', 'mnt'], 0],
    [['twice', 'same'], 4],
    // A bit field has no offset of its own, and a name that two structures have differently says nothing.
    [['file', 'f_bits'], undefined],
    [['twice', 'moved'], undefined],
    [['file', 'f_pat'], undefined],
    [['file', 'f_path', 'dentr'], undefined],
    [['file', 'f_count', 'mnt'], undefined],
    [['path_t', 'mnt'], undefined],
    [['', 'f_mode'], undefined],
  ] as const)('%j lies at %j', ([[name, ...path], offset]) => {
    expect(types.offsetOf(name, ...path)).toBe(offset);
  });

  test('hooks are functions with a prefix of their own', () => {
    expect(types.hookId('file_open')).toBe(8);
    expect(types.hookId('file_ope')).toBeUndefined();
    expect(types.hookArguments('file_open')).toBe(2);
    expect(types.hookArguments('path_rename')).toBe(0);
  });
});

describe('what is not well-formed', () => {
  const whole = encodeTypes(TYPES);
  const changed = (write: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(whole);
    write(bytes);
    return bytes;
  };

  test.for([
    ['nothing', Buffer.alloc(0)],
    ['another magic', changed((bytes) => bytes.writeUInt16LE(0xeb9e, 0))],
    ['another byte order', changed((bytes) => bytes.writeUInt16BE(0xeb9f, 0))],
    ['a header that is too short', changed((bytes) => bytes.writeUInt32LE(8, 4))],
    ['types beyond the end', changed((bytes) => bytes.writeUInt32LE(0xffff_fff0, 12))],
    ['types from beyond the end', changed((bytes) => bytes.writeUInt32LE(0xffff_ffff, 8))],
    ['names beyond the end', changed((bytes) => bytes.writeUInt32LE(0xffff_ffff, 20))],
    ['half a word', changed((bytes) => bytes.writeUInt32LE(whole.readUInt32LE(12) - 2, 12))],
    ['half a record', changed((bytes) => bytes.writeUInt32LE(whole.readUInt32LE(12) - 4, 12))],
    ['names without an end', whole.subarray(0, -1)],
    ['an unknown kind', encodeTypes([{ kind: 31 }])],
    ['more members than there are', encodeTypes([{ kind: 4, name: 'file', count: 0xffff }])],
  ] as const)('is refused: %s', ([, bytes]) => {
    expect(() => new KernelTypes(bytes)).toThrow(RangeError);
  });

  test.for([
    ['a type that is not there', [structure('file', [['f_path', 99, 0]])]],
    ['a name of nothing', [{ ...structure('file', []), count: 1, rest: [0x7fff_ffff, 1, 0] }]],
  ] as const)('leads nowhere: %s', ([, types]) => {
    const known = new KernelTypes(encodeTypes(types));
    const find = (): number | undefined => known.offsetOf('file', 'f_path', 'mnt');
    expect([undefined, RangeError]).toContain(outcome(find));
  });

  test('structures in themselves end', () => {
    const known = new KernelTypes(
      encodeTypes([
        structure('file', [
          ['', 1, 0],
          ['', 2, 0],
        ]),
        { kind: 10, value: 3 },
        { kind: 10, value: 2 },
      ]),
    );
    expect(known.offsetOf('file', 'f_path')).toBeUndefined();
    const many = [...Array(20).keys()].map((index) => ['', 1, index * 8] as const);
    const wide = new KernelTypes(encodeTypes([structure('file', many)]));
    expect(() => wide.offsetOf('file', 'f_path')).toThrow('without end');
  });

  test('is never anything but refused, wherever it is broken', () => {
    assert(
      property(
        array(tuple(nat(whole.length - 1), integer({ min: 0, max: 255 })), { maxLength: 8 }),
        nat(whole.length),
        (edits, length) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of edits) bytes[at] = value;
          const answer = outcome(() => {
            const types = new KernelTypes(bytes.subarray(0, length));
            types.hookArguments('file_open');
            return types.offsetOf('file', 'f_path', 'dentry');
          });
          expect(answer === undefined || answer === RangeError || typeof answer === 'number').toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test.skipIf(!existsSync('/sys/kernel/btf/vmlinux'))('of this kernel', () => {
  const types = new KernelTypes(readFileSync('/sys/kernel/btf/vmlinux'));
  expect(types.offsetOf('path', 'mnt')).toBe(0);
  expect(types.offsetOf('path', 'dentry')).toBe(8);
  expect(types.offsetOf('dentry', 'd_inode')).toBeGreaterThan(0);
});

function outcome(work: () => number | undefined): number | undefined | typeof RangeError {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return RangeError;
    throw error;
  }
}
