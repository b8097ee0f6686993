/** Registers of the BPF machine: 0 results, 1 to 5 arguments and lost in calls, 6 to 9 kept, 10 the end of the stack. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
export type Size = 2 | 4 | 8;

interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly value: number;
  readonly target?: string;
}

const LOAD = { 2: 0x69, 4: 0x61, 8: 0x79 } as const;
const STORE = { 2: 0x6b, 4: 0x63, 8: 0x7b } as const;
const ALU = { add: 0x07, or: 0x47, and: 0x57, lsh: 0x67, rsh: 0x77, xor: 0xa7, mov: 0xb7 } as const;
const JUMP = { eq: 0x15, lt: 0xa5, ne: 0x55 } as const;
/** Of the lower halves of registers. */
const JUMP_LOW_IF_EQUAL = 0x16;
/** Set: the second operand is a register. */
const BY_REGISTER = 0x08;
const BPF_PSEUDO_MAP_FD = 1;
const BPF_PSEUDO_FUNC = 4;
/** Two instructions long. */
const LOAD_LONG = 0x18;

export type Operation = keyof typeof ALU;
export type Comparison = keyof typeof JUMP;

/** A BPF program in the making (Documentation/bpf/standardization/instruction-set.rst). Calls return it, to be chained. */
export class Assembler {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<string, number>();
  #unique = 0;

  /** A name that no other label of this program has. */
  unique(name: string): string {
    return `${name}.${this.#unique++}`;
  }

  /** Whether anything jumps there so far; the kernel refuses programs with parts that nothing leads to. */
  isTarget(name: string): boolean {
    return this.#instructions.some(({ target }) => target === name);
  }

  label(name: string): this {
    if (this.#labels.has(name)) throw new RangeError(`Label ${name} is there twice`);
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  /** dst = *(from + offset) */
  load(size: Size, dst: Register, from: Register, offset: number): this {
    return this.#emit({ code: LOAD[size], dst, src: from, offset });
  }

  /** *(to + offset) = src */
  store(size: Size, to: Register, offset: number, src: Register): this {
    return this.#emit({ code: STORE[size], dst: to, src, offset });
  }

  /** *(to + offset) += src, at once for everybody */
  atomicAdd(to: Register, offset: number, src: Register): this {
    return this.#emit({ code: 0xdb, dst: to, src, offset });
  }

  /** dst = dst OPERATION value, in 64 bits; a value is sign-extended from 32 */
  set(operation: Operation, dst: Register, value: number): this {
    return this.#emit({ code: ALU[operation], dst, value });
  }

  /** dst = dst OPERATION src */
  setTo(operation: Operation, dst: Register, src: Register): this {
    return this.#emit({ code: ALU[operation] | BY_REGISTER, dst, src });
  }

  map(dst: Register, fd: number): this {
    this.#emit({ code: LOAD_LONG, dst, src: BPF_PSEUDO_MAP_FD, value: fd });
    return this.#emit({ code: 0 });
  }

  /** dst = the function that begins at the label, to be handed to the kernel, which calls it */
  functionAt(dst: Register, target: string): this {
    this.#emit({ code: LOAD_LONG, dst, src: BPF_PSEUDO_FUNC, target });
    return this.#emit({ code: 0 });
  }

  jump(target: string): this {
    return this.#emit({ code: 0x05, target });
  }

  jumpIf(dst: Register, comparison: Comparison, value: number, target: string): this {
    return this.#emit({ code: JUMP[comparison], dst, value, target });
  }

  jumpIfTo(dst: Register, comparison: Comparison, src: Register, target: string): this {
    return this.#emit({ code: JUMP[comparison] | BY_REGISTER, dst, src, target });
  }

  /** Compares 32 bits. */
  jumpIfLow(dst: Register, value: number, target: string): this {
    return this.#emit({ code: JUMP_LOW_IF_EQUAL, dst, value, target });
  }

  call(helper: number): this {
    return this.#emit({ code: 0x85, value: helper });
  }

  exit(result: number): this {
    this.set('mov', 0, result);
    return this.#emit({ code: 0x95 });
  }

  /** Which instruction a label is before; `undefined`: there is no such label. */
  positionOf(name: string): number | undefined {
    return this.#labels.get(name);
  }

  /** `struct bpf_insn[]`. @throws RangeError for a label that is not there, or too far away */
  assemble(): Buffer {
    const program = Buffer.alloc(8 * this.#instructions.length);
    for (const [index, { code, dst, src, offset, value, target }] of this.#instructions.entries()) {
      const at = 8 * index;
      program.writeUInt8(code, at);
      program.writeUInt8((src << 4) | dst, at + 1);
      const distance = target === undefined ? 0 : this.#distance(index, target);
      // A function is named by a value, where jumps have an offset.
      program.writeInt16LE(target === undefined || code === LOAD_LONG ? offset : distance, at + 2);
      program.writeInt32LE(target !== undefined && code === LOAD_LONG ? distance : value, at + 4);
    }
    return program;
  }

  #distance(from: number, target: string): number {
    const to = this.#labels.get(target);
    if (to === undefined) throw new RangeError(`No label ${target}`);
    return to - from - 1;
  }

  #emit(instruction: Partial<Instruction>): this {
    this.#instructions.push({ code: 0, dst: 0, src: 0, offset: 0, value: 0, ...instruction });
    return this;
  }
}
