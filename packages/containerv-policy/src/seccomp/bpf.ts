/**
 * Classic BPF as seccomp uses it (linux/bpf_common.h, linux/filter.h): `struct sock_filter` is
 * `{ u16 code; u8 jt; u8 jf; u32 k }`, 8 bytes, here always little-endian as x86-64 and arm64 are.
 */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const instructionBytes = 8;

/** BPF_MAXINSNS: the kernel refuses a longer program with EINVAL. */
export const maxInstructions = 4096;

export const LD_W_ABS = 0x20;
export const ALU_AND_K = 0x54;
export const JA = 0x05;
export const JEQ_K = 0x15;
export const JGT_K = 0x25;
export const JGE_K = 0x35;
export const JSET_K = 0x45;
export const RET_K = 0x06;

/** Offsets into `struct seccomp_data { int nr; u32 arch; u64 instruction_pointer; u64 args[6]; }`, 64 bytes. */
export const offsetOfNumber = 0;
export const offsetOfArch = 4;
export const seccompDataBytes = 64;

/** Where one half of an argument is. Both architectures are little-endian, so the low half comes first. */
export function offsetOfArg(index: number, half: 'low' | 'high'): number {
  return 16 + 8 * index + (half === 'high' ? 4 : 0);
}

export function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * instructionBytes);
  const view = new DataView(bytes.buffer);
  for (const [at, { code, jt, jf, k }] of instructions.entries()) {
    view.setUint16(at * instructionBytes, code, true);
    view.setUint8(at * instructionBytes + 2, jt);
    view.setUint8(at * instructionBytes + 3, jf);
    view.setUint32(at * instructionBytes + 4, k, true);
  }
  return bytes;
}

export function decode(bytes: Uint8Array): readonly Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / instructionBytes) }, (_, at) => ({
    code: view.getUint16(at * instructionBytes, true),
    jt: view.getUint8(at * instructionBytes + 2),
    jf: view.getUint8(at * instructionBytes + 3),
    k: view.getUint32(at * instructionBytes + 4, true),
  }));
}
