import { expect, test } from 'vitest';
import { Assembler } from '../../src/bpf-lsm/assembler.js';

const hex = (program: Assembler): string => program.assemble().toString('hex');

test.for([
  ['79a1f0ff00000000', new Assembler().load(8, 1, 10, -16)],
  ['6112280000000000', new Assembler().load(4, 2, 1, 40)],
  ['7b0ae8ff00000000', new Assembler().store(8, 10, -24, 0)],
  ['6911020000000000', new Assembler().load(2, 1, 1, 2)],
  ['6702000008000000', new Assembler().set('lsh', 2, 8)],
  ['db17080000000000', new Assembler().atomicAdd(7, 8, 1)],
  ['b7010000ffffffff', new Assembler().set('mov', 1, -1)],
  ['a702000001000000', new Assembler().set('xor', 2, 1)],
  ['bf16000000000000', new Assembler().setTo('mov', 6, 1)],
  ['4f18000000000000', new Assembler().setTo('or', 8, 1)],
  ['18110000050000000000000000000000', new Assembler().map(1, 5)],
  ['8500000001000000', new Assembler().call(1)],
  ['b7000000f3ffffff9500000000000000', new Assembler().exit(-13)],
] as const)('%s', ([expected, program]) => {
  expect(hex(program)).toBe(expected);
});

test('jumps lead to labels before and after them, over the two halves of a map', () => {
  const program = new Assembler().label('back').jumpIf(0, 'eq', 0, 'end').map(1, 5);
  program.jumpIfTo(6, 'ne', 1, 'back').jump('end').label('end').exit(0);
  const offsets = [...Array(7).keys()].map((index) => program.assemble().readInt16LE(8 * index + 2));
  expect(offsets).toEqual([4, 0, 0, -4, 0, 0, 0]);
});

test('a function is named by how far away it is, and found by its label', () => {
  const program = new Assembler().functionAt(2, 'inner').exit(0).label('inner').exit(1);
  expect(hex(program).slice(0, 32)).toBe('18420000030000000000000000000000');
  expect([program.positionOf('inner'), program.positionOf('outer')]).toEqual([4, undefined]);
});

test('commands are compared as what they are, numbers of 32 bits', () => {
  const program = new Assembler()
    .jumpIfLow(1, 0xc004_5877 | 0, 'end')
    .label('end')
    .exit(0);
  expect(hex(program).slice(0, 16)).toBe('16010000775804c0');
});

test('a label that is not there, or is there twice, is refused', () => {
  expect(() => new Assembler().jump('nowhere').assemble()).toThrow('No label nowhere');
  expect(() => new Assembler().label('here').label('here')).toThrow('twice');
});

test('what nothing jumps to is known', () => {
  const program = new Assembler().jump('there');
  expect([program.isTarget('there'), program.isTarget('here')]).toEqual([true, false]);
  expect(program.unique('loop')).not.toBe(program.unique('loop'));
});
