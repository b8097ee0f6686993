import { FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { handledRights, rightNames, rightsOf } from '../../src/landlock/file-rights.js';

const FIRST = [
  'EXECUTE',
  'WRITE_FILE',
  'READ_FILE',
  'READ_DIR',
  'REMOVE_DIR',
  'REMOVE_FILE',
  'MAKE_CHAR',
  'MAKE_DIR',
  'MAKE_REG',
  'MAKE_SOCK',
  'MAKE_FIFO',
  'MAKE_BLOCK',
  'MAKE_SYM',
];

describe('a ruleset handles every right that the kernel has', () => {
  // Documentation/userspace-api/landlock.rst, "Previous limitations".
  test.for<[abi: number, added: readonly string[]]>([
    [1, []],
    [2, ['REFER']],
    [3, ['REFER', 'TRUNCATE']],
    [4, ['REFER', 'TRUNCATE']],
    [5, ['REFER', 'TRUNCATE', 'IOCTL_DEV']],
    [8, ['REFER', 'TRUNCATE', 'IOCTL_DEV']],
    [9, ['REFER', 'TRUNCATE', 'IOCTL_DEV', 'RESOLVE_UNIX']],
    [99, ['REFER', 'TRUNCATE', 'IOCTL_DEV', 'RESOLVE_UNIX']],
  ])('ABI %i', ([abi, added]) => {
    expect(rightNames(handledRights(abi))).toEqual([...FIRST, ...added]);
  });
});

test.for<[access: number, names: readonly string[]]>([
  [FsAccess.Read, ['READ_FILE', 'READ_DIR']],
  [FsAccess.Execute, ['EXECUTE']],
  [
    FsAccess.Write,
    [
      'WRITE_FILE',
      'REMOVE_DIR',
      'REMOVE_FILE',
      'MAKE_DIR',
      'MAKE_REG',
      'MAKE_SOCK',
      'MAKE_FIFO',
      'MAKE_SYM',
      'REFER',
      'TRUNCATE',
      'IOCTL_DEV',
      'RESOLVE_UNIX',
    ],
  ],
  [0, []],
])('access %i gives %j', ([access, names]) => {
  expect(rightNames(rightsOf(access, 9))).toEqual(names);
});

test('no access gives a right that the kernel does not have, or that makes device nodes', () => {
  for (let abi = 1; abi < 12; abi++) {
    const given = rightsOf(FsAccess.All, abi);
    expect(given & ~handledRights(abi)).toBe(0n);
    expect(rightNames(handledRights(abi) & ~given)).toEqual(['MAKE_CHAR', 'MAKE_BLOCK']);
  }
});

test('the bits are those of linux/landlock.h', () => {
  expect(handledRights(9)).toBe(0x1_ffffn);
  expect(rightsOf(FsAccess.Read, 1)).toBe(0b1100n);
  expect(rightsOf(FsAccess.Execute, 1)).toBe(1n);
});
