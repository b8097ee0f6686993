import { describe, expect, test } from 'vitest';
import { createPolicy, disassembleFilter } from '../../src/index.js';
import { encode, RET_K } from '../../src/seccomp/bpf.js';

const plain = (code: number, k = 0, jt = 0, jf = 0): { code: number; jt: number; jf: number; k: number } => ({
  code,
  jt,
  jf,
  k,
});

describe('disassembleFilter', () => {
  test('shows what is loaded, where jumps lead and what is returned', () => {
    const program = encode([
      plain(0x20, 4),
      plain(0x15, 0xc000003e, 0, 3),
      plain(0x20, 28),
      plain(0x54, 0xff),
      plain(0x05, 1),
      plain(RET_K, 0x80000000),
      plain(RET_K, 0x7fff0000),
    ]);
    expect(
      disassembleFilter(program)
        .split('\n')
        .map((line) => line.replaceAll(/ {2,}/g, ' | ')),
    ).toEqual([
      '0000: ld [4] | architecture',
      '0001: jeq 0xc000003e, 0002, 0005',
      '0002: ld [28] | argument 1, high half',
      '0003: and 0xff',
      '0004: ja 0006',
      '0005: ret 0x80000000 | ends the process',
      '0006: ret 0x7fff0000 | allowed',
    ]);
  });

  test('knows every instruction that a filter may have', () => {
    const codes = [
      0x00, 0x01, 0x02, 0x03, 0x60, 0x61, 0x80, 0x81, 0x07, 0x87, 0x84, 0x0c, 0x14, 0x2c, 0x34, 0x44, 0x5c,
      0xa4, 0x6c, 0x74,
    ];
    const program = encode([
      ...codes.map((code) => plain(code, 1)),
      plain(0x1d, 0),
      plain(0x2d),
      plain(0x3d),
      plain(0x4d),
      plain(0x16),
    ]);
    const text = disassembleFilter(program);
    expect(text).not.toContain('?');
    expect(text).toContain('ld M[0x1]');
    expect(text).toContain('jset x, 0024, 0024');
    expect(text).toContain('ret a');
  });

  test('has a line for each instruction of a policy, and refuses what is none', () => {
    const program = createPolicy('build').compileSeccomp({ arch: 'arm64', log: false });
    expect(disassembleFilter(program).split('\n').length).toBe(program.length / 8);
    expect(() => disassembleFilter(new Uint8Array(7))).toThrow(RangeError);
  });
});
