import { describeAnswer } from '../explain/describe-answer.js';
import { type Instruction, JA, LD_W_ABS, RET_K } from './bpf.js';
import { decodeFilter } from './interpreter.js';

const names: Readonly<Record<number, string>> = {
  0x00: 'ld #k',
  0x01: 'ldx #k',
  0x02: 'st M[k]',
  0x03: 'stx M[k]',
  0x60: 'ld M[k]',
  0x61: 'ldx M[k]',
  0x80: 'ld len',
  0x81: 'ldx len',
  0x07: 'tax',
  0x87: 'txa',
  0x16: 'ret a',
  0x84: 'neg',
};

const operations = ['add', 'sub', 'mul', 'div', 'or', 'and', 'lsh', 'rsh', 'neg', 'mod', 'xor'];
const tests = ['ja', 'jeq', 'jgt', 'jge', 'jset'];

/**
 * A filter as text, one instruction a line, with jump targets as line numbers and the meaning of what it loads and
 * returns.
 *
 * @throws RangeError for a program that the kernel would not load
 */
export function disassembleFilter(program: Uint8Array): string {
  return decodeFilter(program)
    .map((instruction, at) => `${line(at)}: ${text(instruction, at)}`)
    .join('\n');
}

function text({ code, jt, jf, k }: Instruction, at: number): string {
  if (code === LD_W_ABS) return `ld [${k}]`.padEnd(34) + describeField(k);
  if (code === RET_K) return `ret ${hex(k)}`.padEnd(34) + describeAnswer(k);
  if (code === JA) return `ja ${line(at + 1 + k)}`;
  const operand = (code & 0x08) === 0 ? hex(k) : 'x';
  if ((code & 0x07) === 0x05)
    return `${tests[code >> 4] ?? '?'} ${operand}, ${line(at + 1 + jt)}, ${line(at + 1 + jf)}`;
  const name = names[code];
  if (name !== undefined) return name.replace(/\bk\b/, hex(k));
  return `${operations[code >> 4] ?? '?'} ${operand}`;
}

/** Fields of `struct seccomp_data`. */
function describeField(offset: number): string {
  if (offset < 8) return offset === 0 ? 'number' : 'architecture';
  if (offset < 16) return 'instruction pointer';
  return `argument ${(offset - 16) >> 3}, ${offset % 8 === 0 ? 'low' : 'high'} half`;
}

function line(at: number): string {
  return String(at).padStart(4, '0');
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
