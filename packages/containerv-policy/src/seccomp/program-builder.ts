import type { Answer } from './answer.js';
import { ALU_AND_K, JA, LD_W_ABS, RET_K, encode, type Instruction, maxInstructions } from './bpf.js';
import { invalidPolicy } from '../validate/invalid-policy.js';

/** A place in the program, counted from its end, so that it keeps its meaning while code is put before it. */
export type Label = number;

/** A conditional jump reaches at most this many instructions past the next one: its offsets are 8 bits. */
const maxOffset = 255;

/**
 * Assembles a program from its last instruction to its first. Classic BPF jumps only forwards, so every target exists
 * when a jump to it is made, offsets are final at once, and a target too far away gets a stepping stone just before.
 */
export class ProgramBuilder {
  readonly #reversed: Instruction[] = [];
  readonly #answers = new Map<Answer, Label>();

  /** `return answer`, shared with an earlier one as long as that is near. */
  answer(answer: Answer): Label {
    const known = this.#answers.get(answer);
    if (known !== undefined && this.#offset(known) <= maxOffset) return known;
    const label = this.#emit(RET_K, answer);
    this.#answers.set(answer, label);
    return label;
  }

  /** `A = data[offset]`, then on to `next`. */
  load(offset: number, next: Label): Label {
    this.#fallInto(next);
    return this.#emit(LD_W_ABS, offset);
  }

  /** `A &= mask`, then on to `next`. */
  and(mask: number, next: Label): Label {
    this.#fallInto(next);
    return this.#emit(ALU_AND_K, mask);
  }

  /** `if (A code k) goto whenTrue; else goto whenFalse`. */
  jump(code: number, k: number, whenTrue: Label, whenFalse: Label): Label {
    let [jt, jf] = [whenTrue, whenFalse];
    // A stepping stone for one target pushes the other a little further away, so look again.
    while (this.#offset(jt) > maxOffset || this.#offset(jf) > maxOffset) {
      if (this.#offset(jt) > maxOffset) jt = this.#bringNear(jt);
      if (this.#offset(jf) > maxOffset) jf = whenFalse === whenTrue ? jt : this.#bringNear(jf);
    }
    return this.#emit(code, k, this.#offset(jt), this.#offset(jf));
  }

  /** @throws ERR_CONTAINERV_INVALID_POLICY when the kernel would not load it for its length */
  finish(entry: Label): Uint8Array {
    this.#fallInto(entry);
    const length = this.#reversed.length;
    if (length > maxInstructions) {
      throw invalidPolicy(
        `The policy compiles to ${length} instructions; the kernel takes at most ${maxInstructions}`,
        'Allow syscalls as a whole instead of by many argument values.',
      );
    }
    return encode(this.#reversed.toReversed());
  }

  #offset(target: Label): number {
    return this.#reversed.length - target;
  }

  #fallInto(next: Label): void {
    const offset = this.#offset(next);
    if (offset > 0) this.#emit(JA, offset);
  }

  #bringNear(target: Label): Label {
    const instruction = this.#reversed[target - 1];
    if (instruction?.code === RET_K) return this.answer(instruction.k);
    return this.#emit(JA, this.#offset(target));
  }

  #emit(code: number, k: number, jt = 0, jf = 0): Label {
    this.#reversed.push({ code, jt, jf, k });
    return this.#reversed.length;
  }
}
