import { expect, test } from 'vitest';
import { deviceProgram } from '../../src/devices/device-program.js';
import { type DeviceRule, STANDARD_RULES } from '../../src/devices/device-rules.js';

const rules: readonly DeviceRule[] = [
  ...STANDARD_RULES,
  { type: 'char', major: 60, minor: 7, access: 'r' },
  { type: 'block', major: 8, minor: 0, access: 'w' },
];
const READ = 2;
const WRITE = 4;
const MAKE = 1;
const BLOCK = 1;
const CHAR = 2;

/** The part of the BPF machine that the program uses, by the instruction set's own numbers. */
function answer(program: Buffer, access: number, kind: number, major: number, minor: number): number {
  const context = Buffer.alloc(12);
  context.writeUInt32LE((access << 16) | kind, 0);
  context.writeUInt32LE(major, 4);
  context.writeUInt32LE(minor, 8);
  const registers = Array<number>(11).fill(0);
  for (let at = 0; ; at++) {
    const code = program.readUInt8(8 * at);
    const names = program.readUInt8(8 * at + 1);
    const [dst, src] = [names & 15, names >> 4];
    const offset = program.readInt16LE(8 * at + 2);
    const value = program.readInt32LE(8 * at + 4);
    const left = registers[dst] ?? 0;
    if (code === 0x61 && src === 1) registers[dst] = context.readUInt32LE(offset);
    else if (code === 0xbf) registers[dst] = registers[src] ?? 0;
    else if (code === 0xb7) registers[dst] = value;
    else if (code === 0x57) registers[dst] = left & value;
    else if (code === 0x77) registers[dst] = left >>> value;
    else if (code === 0x55) at += left === value ? 0 : offset;
    else if (code === 0x95) return registers[0] ?? 0;
    else throw new Error(`instruction ${code.toString(16)}`);
  }
}

const program = deviceProgram(rules);

test.for<[number, number, number, number, number, string]>([
  [1, READ, CHAR, 1, 3, 'reading a standard one'],
  [1, READ | WRITE, CHAR, 1, 3, 'both at once'],
  [0, MAKE, CHAR, 1, 3, 'making its node'],
  [0, MAKE | READ, CHAR, 1, 3, 'making its node, with what is allowed'],
  [0, READ, BLOCK, 1, 3, 'the block device of the same numbers'],
  [0, READ, CHAR, 1, 4, 'the next one'],
  [0, READ, CHAR, 2, 3, 'that of another major number'],
  [1, READ | WRITE, CHAR, 136, 4711, 'any terminal'],
  [1, READ, CHAR, 60, 7, 'reading what may be read'],
  [0, WRITE, CHAR, 60, 7, 'writing to it'],
  [0, READ | WRITE, CHAR, 60, 7, 'both'],
  [1, WRITE, BLOCK, 8, 0, 'writing to what may be written'],
  [0, READ, BLOCK, 8, 0, 'reading that'],
  [1, MAKE, CHAR, 0, 0, 'a mark of deletion'],
  [0, READ, CHAR, 0, 0, 'opening one'],
  [0, READ, CHAR, 1 + 2 ** 8, 3, 'a number that is the same in its low bits'],
])('%i: %5$s', ([expected, access, kind, major, minor]) => {
  expect(answer(program, access, kind, major, minor)).toBe(expected);
});

test('without rules it lets nothing', () => {
  expect(answer(deviceProgram([]), READ, CHAR, 1, 3)).toBe(0);
});
