import type { Arch } from '../arch.js';
import type { Answer, SyscallAction } from './answer.js';

/** How an argument is compared. All comparisons are unsigned, over 64 bits. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** One condition on one argument: `(argument & mask) op value`. */
export interface ArgCondition {
  /** Which argument, 0 to 5. */
  readonly index: number;
  readonly op: Comparison;
  /** Unsigned 64 bits; a string is decimal, or hexadecimal with `0x`. */
  readonly value: bigint | number | string;
  /**
   * Bits that take part.
   * @defaultValue all 64. Arguments that the kernel reads as `int` need `0xffffffff`, or a caller could set upper bits.
   */
  readonly mask?: bigint | number | string;
}

/** What to do with some system calls. */
export interface SyscallRule {
  readonly names: readonly string[];
  /** @defaultValue `'allow'` */
  readonly action?: SyscallAction;
  /** The error for `errno` (default 1, `EPERM`), or the data for `trace` and `trap`. */
  readonly errno?: number;
  /** All must hold. @defaultValue none: the rule holds for every call */
  readonly args?: readonly ArgCondition[];
  /** @defaultValue every architecture */
  readonly arches?: readonly Arch[];
  /** Why, for whoever reviews the policy. */
  readonly reason?: string;
}

/** An {@link ArgCondition} after checking. */
export interface Condition {
  readonly index: number;
  readonly op: Comparison;
  readonly value: bigint;
  readonly mask: bigint;
}

/** A {@link SyscallRule} after checking. */
export interface CheckedRule {
  readonly names: readonly string[];
  readonly answer: Answer;
  readonly conditions: readonly Condition[];
  readonly arches: readonly Arch[];
  readonly reason?: string;
}

/** The seccomp part of a policy: rules, and the answer for everything that no rule decides. */
export interface SeccompRules {
  /** For syscalls that the kernel tables know. */
  readonly defaultAnswer: Answer;
  /** For numbers that they do not know. */
  readonly unknownAnswer: Answer;
  readonly rules: readonly CheckedRule[];
}
