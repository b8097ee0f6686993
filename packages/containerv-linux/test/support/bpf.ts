/** The classic BPF of seccomp filters, as far as these tests need it: enough to build any decision tree and to run it. */

export const ALLOW = 0x7fff0000;
export const LOG = 0x7ffc0000;
export const TRACE = 0x7ff00000;
export const ERRNO = 0x00050000;
export const TRAP = 0x00030000;
export const KILL_THREAD = 0x00000000;
export const KILL_PROCESS = 0x80000000;

export interface Instruction {
  readonly code: number;
  readonly jt?: number;
  readonly jf?: number;
  readonly k: number;
}

/** `A = the call's number`. */
export const LOAD_NUMBER: Instruction = { code: 0x20, k: 0 };

export function jumpIfEqual(k: number, jt: number, jf: number): Instruction {
  return { code: 0x15, jt, jf, k };
}

export function answer(k: number): Instruction {
  return { code: 0x06, k };
}

export const ANSWER_A: Instruction = { code: 0x16, k: 0 };

/** As `struct sock_filter[]`. */
export function assemble(instructions: readonly Instruction[]): Uint8Array {
  const program = Buffer.alloc(instructions.length * 8);
  for (const [index, { code, jt = 0, jf = 0, k }] of instructions.entries()) {
    program.writeUInt16LE(code, index * 8);
    program.writeUInt8(jt, index * 8 + 2);
    program.writeUInt8(jf, index * 8 + 3);
    program.writeUInt32LE(k, index * 8 + 4);
  }
  return program;
}

/** What a program answers to a call. Throws where the kernel would refuse to load the program. */
export function run(program: Uint8Array, data: readonly number[]): number {
  const bytes = Buffer.from(program);
  let a = 0;
  for (let at = 0; ; at++) {
    const offset = at * 8;
    if (offset >= bytes.length) throw new RangeError('ran past the end');
    const k = bytes.readUInt32LE(offset + 4);
    const taken = (condition: boolean): number => bytes.readUInt8(offset + (condition ? 2 : 3));
    switch (bytes.readUInt16LE(offset)) {
      case 0x20:
        if (k % 4 !== 0 || k >= 64) throw new RangeError(`load from offset ${k}`);
        a = data[k / 4] ?? 0;
        break;
      case 0x54:
        a = (a & k) >>> 0;
        break;
      case 0x05:
        at += k;
        break;
      case 0x15:
        at += taken(a === k);
        break;
      case 0x25:
        at += taken(a > k);
        break;
      case 0x35:
        at += taken(a >= k);
        break;
      case 0x45:
        at += taken((a & k) !== 0);
        break;
      case 0x06:
        return k;
      default:
        throw new RangeError(`instruction ${at}: code 0x${bytes.readUInt16LE(offset).toString(16)}`);
    }
  }
}
