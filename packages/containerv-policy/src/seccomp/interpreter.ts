import type { Answer } from './answer.js';
import { type Instruction, decode, maxInstructions, seccompDataBytes } from './bpf.js';

/** `struct seccomp_data`: what a filter sees of a call. */
export interface SeccompData {
  readonly number: number;
  /** `AUDIT_ARCH_*` */
  readonly auditArch: number;
  /** Six; missing ones are 0. Unsigned 64 bits each. */
  readonly args: readonly bigint[];
  readonly instructionPointer?: bigint;
}

export interface Outcome {
  readonly answer: Answer;
  /** How many instructions it took, the final return included. */
  readonly instructions: number;
}

const scratchWords = 16;

/**
 * Runs a filter as the kernel does: classic BPF, restricted to what `seccomp_check_filter` of kernel/seccomp.c lets
 * pass, over 32-bit registers. Also runs what other compilers make.
 *
 * @throws RangeError for a program that the kernel would refuse to load
 */
export function runFilter(program: Uint8Array, data: SeccompData): Outcome {
  const instructions = decodeFilter(program);
  return execute(instructions, toWords(data));
}

/** {@link runFilter} for many calls of one program: it is decoded and checked once. */
export function loadFilter(program: Uint8Array): (data: SeccompData) => Outcome {
  const instructions = decodeFilter(program);
  return (data) => execute(instructions, toWords(data));
}

function toWords({ number, auditArch, args, instructionPointer = 0n }: SeccompData): Uint32Array {
  const words = new Uint32Array(seccompDataBytes / 4);
  words[0] = number;
  words[1] = auditArch;
  for (const [at, value] of [instructionPointer, ...args.slice(0, 6)].entries()) {
    words[2 + 2 * at] = Number(value & 0xffffffffn);
    words[3 + 2 * at] = Number((value >> 32n) & 0xffffffffn);
  }
  return words;
}

function execute(instructions: readonly Instruction[], data: Uint32Array): Outcome {
  const scratch = new Uint32Array(scratchWords);
  let a = 0;
  let x = 0;
  let steps = 0;
  for (let at = 0; ; at++) {
    const { code, jt, jf, k } = instructions[at] as Instruction;
    steps++;
    const operand = (code & 0x08) === 0 ? k : x;
    switch (code & 0x07) {
      case 0x00: // LD
        a = load(code, k, data, scratch);
        break;
      case 0x01: // LDX
        x = load(code, k, data, scratch);
        break;
      case 0x02: // ST
        scratch[k] = a;
        break;
      case 0x03: // STX
        scratch[k] = x;
        break;
      case 0x04: {
        // ALU. Division by X being 0 ends the program with 0, which kills the thread.
        if ((code & 0xf0) === 0x30 && operand === 0) return { answer: 0, instructions: steps };
        a = compute(code & 0xf0, a, operand);
        break;
      }
      case 0x05: // JMP
        at += (code & 0xf0) === 0 ? k : isTaken(code & 0xf0, a, operand) ? jt : jf;
        break;
      case 0x06: // RET
        return { answer: (code & 0x18) === 0x10 ? a : k, instructions: steps };
      default: // MISC: TAX, TXA
        if (code === 0x07) x = a;
        else a = x;
    }
  }
}

function load(code: number, k: number, data: Uint32Array, scratch: Uint32Array): number {
  switch (code & 0xe0) {
    case 0x20: // ABS
      return data[k / 4] ?? 0;
    case 0x60: // MEM
      return scratch[k] ?? 0;
    case 0x80: // LEN
      return seccompDataBytes;
    default: // IMM
      return k;
  }
}

function compute(operation: number, a: number, operand: number): number {
  switch (operation) {
    case 0x00:
      return (a + operand) >>> 0;
    case 0x10:
      return (a - operand) >>> 0;
    case 0x20:
      return Math.imul(a, operand) >>> 0;
    case 0x30:
      return Math.trunc(a / operand) >>> 0;
    case 0x40:
      return (a | operand) >>> 0;
    case 0x50:
      return (a & operand) >>> 0;
    case 0x60:
      return (a << (operand & 31)) >>> 0;
    case 0x70:
      return a >>> (operand & 31);
    case 0x80:
      return -a >>> 0;
    default:
      return (a ^ operand) >>> 0;
  }
}

function isTaken(operation: number, a: number, operand: number): boolean {
  if (operation === 0x10) return a === operand;
  if (operation === 0x20) return a > operand;
  if (operation === 0x30) return a >= operand;
  return (a & operand) !== 0;
}

/** LD, LDX: ABS (aligned, inside the data), LEN, IMM, MEM. ST, STX. ALU, JMP, RET, MISC as linux/filter.h names them. */
const known: ReadonlySet<number> = new Set([
  0x20, 0x80, 0x81, 0x00, 0x01, 0x60, 0x61, 0x02, 0x03, 0x06, 0x16, 0x07, 0x87, 0x05, 0x15, 0x1d, 0x25, 0x2d,
  0x35, 0x3d, 0x45, 0x4d, 0x84, 0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64,
  0x6c, 0x74, 0x7c, 0xa4, 0xac,
]);

/** Decodes and checks as the kernel does before it loads a filter. */
export function decodeFilter(program: Uint8Array): readonly Instruction[] {
  const instructions = decode(program);
  const { length } = instructions;
  if (program.byteLength % 8 !== 0 || length === 0 || length > maxInstructions)
    throw new RangeError(
      `a filter has 1 to ${maxInstructions} instructions of 8 bytes, not ${program.byteLength} bytes`,
    );
  for (const [at, instruction] of instructions.entries()) {
    const fault = faultOf(instruction, length - at - 1);
    if (fault !== undefined) throw new RangeError(`instruction ${at}: ${fault}`);
  }
  if ((instructions.at(-1)?.code ?? 0) % 8 !== 6)
    throw new RangeError('the last instruction does not return');
  return instructions;
}

function faultOf({ code, jt, jf, k }: Instruction, following: number): string | undefined {
  if (!known.has(code)) return `unknown code 0x${code.toString(16)}`;
  if (code === 0x20 && (k % 4 !== 0 || k >= seccompDataBytes)) return `load from offset ${k}`;
  if ([0x60, 0x61, 0x02, 0x03].includes(code) && k >= scratchWords) return `scratch word ${k}`;
  if (code === 0x34 && k === 0) return 'division by 0';
  if ((code === 0x64 || code === 0x74) && k >= 32) return `shift by ${k}`;
  if ((code & 0x07) !== 0x05) return undefined;
  const furthest = code === 0x05 ? k : Math.max(jt, jf);
  return furthest >= following ? 'jump past the end' : undefined;
}
