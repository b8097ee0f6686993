import type { Arch } from '../arch.js';
import type { CapabilityName } from '../capabilities.js';
import type { AccessWord } from '../files/access.js';
import type { SecurityLevel } from '../levels.js';
import type { NetworkRule } from '../network/network-rule.js';
import type { SyscallAction } from '../seccomp/answer.js';
import type { Comparison } from '../seccomp/rule.js';
import type { WindowsIsolation } from '../windows-isolation.js';

/** A policy as JSON: complete in itself, so that a file means the same under a later version's base policies. */
export interface PolicyJson {
  /** Of this format. */
  readonly version: 1;
  readonly name: string;
  readonly securityLevel: SecurityLevel;
  /** From the base policies. */
  readonly capabilities: readonly CapabilityName[];
  /** Asked for by name, if any were. */
  readonly chosenCapabilities?: readonly CapabilityName[];
  readonly syscalls: {
    readonly defaultAction: SyscallAction;
    readonly defaultErrno?: number;
    /** For numbers that the tables do not know. */
    readonly unknownAction: SyscallAction;
    readonly unknownErrno?: number;
    readonly rules: readonly RuleJson[];
  };
  readonly files: {
    /** Whether `system` and `added` are all that may be used. */
    readonly confined: boolean;
    readonly system: readonly PathJson[];
    readonly added?: readonly PathJson[];
  };
  /** Absent: no rule was given. Empty: nothing is permitted. */
  readonly network?: readonly NetworkRule[];
  readonly windowsIsolation?: WindowsIsolation;
}

export interface RuleJson {
  readonly reason?: string;
  readonly names: readonly string[];
  /** @defaultValue `'allow'` */
  readonly action?: SyscallAction;
  readonly errno?: number;
  readonly args?: readonly ConditionJson[];
  readonly arches?: readonly Arch[];
}

export interface ConditionJson {
  readonly index: number;
  readonly op: Comparison;
  /** Hexadecimal text where it is large: JSON numbers end at 2^53. */
  readonly value: number | string;
  readonly mask?: string;
}

export interface PathJson {
  readonly path: string;
  readonly access: readonly AccessWord[];
}
