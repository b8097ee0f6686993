import type { CapabilityName } from '../capabilities.js';
import type { PathRule } from '../files/path-rule.js';
import type { ArgCondition, SyscallRule } from '../seccomp/rule.js';
import { int32 } from './kernel-values.js';

/** A policy to start from, as data: what it allows, in groups, each with its reason. Everything else is denied. */
export interface BasePolicy {
  readonly summary: string;
  /** What container root may have; nothing is inheritable or ambient, and `no_new_privs` is always set. */
  readonly capabilities: readonly CapabilityName[];
  readonly rules: readonly SyscallRule[];
  /** System files that stay accessible once access is confined to named paths. */
  readonly paths: readonly PathRule[];
  /** Whether `paths` is in force from the start, or only from the first `addPaths` on. */
  readonly confinesFiles: boolean;
}

/** The argument, read as a 32-bit integer as the kernel does, equals `value`. */
export function isInt(index: number, value: number): ArgCondition {
  return { index, op: '==', value, mask: int32 };
}

/** The argument, read as a 32-bit integer, is anything but `value`. */
export function isNotInt(index: number, value: number): ArgCondition {
  return { index, op: '!=', value, mask: int32 };
}

/** Under `mask` the argument is exactly `value`. */
export function hasBits(index: number, mask: number, value: number): ArgCondition {
  return { index, op: '==', value, mask };
}

/** One rule for each alternative, all for the same syscalls. */
export function anyOf(
  reason: string,
  names: readonly string[],
  alternatives: readonly (readonly ArgCondition[])[],
): readonly SyscallRule[] {
  return alternatives.map((args) => ({ reason, names, args }));
}
