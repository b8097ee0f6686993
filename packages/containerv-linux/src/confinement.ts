import { ContainervError, type PolicyName, type SecurityPolicy } from 'containerv-api';
import { capabilityNames, createPolicy, seccompLogRequested } from 'containerv-policy';
import type { FileRule, Ruleset } from './landlock/ruleset.js';
import type { SocketBroker } from './network/socket-broker.js';

/** What a policy comes to on this kernel: a capability bit mask, a seccomp program, and a Landlock ruleset. */
export interface Confinement {
  readonly capabilities: bigint;
  /** An array of `struct sock_filter`, never empty. */
  readonly filter: Uint8Array;
  /** The same in base64, as state files have it. */
  readonly filterText: string;
  /** What of `filter` is not the policy's own but comes of its network rules, for who puts another in its place. */
  readonly narrowing?: Uint8Array;
  /** `undefined`: no file is denied. */
  readonly ruleset?: Ruleset | undefined;
  /** What the ruleset was made of, for who enforces it by other means; `undefined`: no file is denied. */
  readonly fileRules?: readonly FileRule[] | undefined;
  /** Of a container: what init judges calls of its sockets by. */
  readonly sockets?: SocketBroker | undefined;
  /** What BPF programs know a process's own file rules by; `undefined`: it has none, or they do not judge its files. */
  readonly ownFilePolicy?: bigint;
}

// Policies are immutable: one is compiled once, however many containers it confines.
const compiled = new WeakMap<SecurityPolicy, Map<boolean, Confinement>>();

/** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for an architecture without a system call table. */
export function confinementOf(policy: SecurityPolicy | PolicyName): Confinement {
  const log = seccompLogRequested();
  const resolved = resolvePolicy(policy);
  const known = compiled.get(resolved) ?? new Map<boolean, Confinement>();
  compiled.set(resolved, known);
  const confinement = known.get(log) ?? compile(resolved, log);
  known.set(log, confinement);
  return confinement;
}

function compile(policy: SecurityPolicy, log: boolean): Confinement {
  const filter = policy.compileSeccomp({ arch: filterArch(), log });
  if (filter.length === 0) {
    throw new ContainervError('ERR_CONTAINERV_INVALID_POLICY', 'The policy compiles to no filter', {
      hint: 'A policy without a filter would be no confinement.',
    });
  }
  return {
    capabilities: capabilityMask(policy.capabilities),
    filter,
    filterText: Buffer.from(filter).toString('base64'),
  };
}

const named = new Map<PolicyName, SecurityPolicy>();

export function resolvePolicy(policy: SecurityPolicy | PolicyName): SecurityPolicy {
  if (typeof policy !== 'string') return policy;
  const found = named.get(policy) ?? createPolicy(policy);
  named.set(policy, found);
  return found;
}

/** Both at once: only what both allow is allowed. The outer ruleset is not here: init has it, and applies it to all. */
export function intersect(outer: Confinement, inner: Confinement): Confinement {
  const filter = chainFilters(outer.filter, inner.filter);
  return {
    capabilities: outer.capabilities & inner.capabilities,
    filter,
    filterText: Buffer.from(filter).toString('base64'),
    ruleset: inner.ruleset,
    fileRules: inner.fileRules,
  };
}

const INSTRUCTION_BYTES = 8;
const MAX_INSTRUCTIONS = 4096;
const BPF_RET_K = 0x06;
const BPF_RET_A = 0x16;
const BPF_JMP_JA = 0x05;
const SECCOMP_RET_ALLOW = 0x7fff0000;
const SECCOMP_RET_LOG = 0x7ffc0000;

/**
 * A program that lets through what both let through and otherwise answers as the first that does not. Wherever the
 * first lets a call pass, it jumps to the second instead; where it logs besides, to a copy of the second that logs what
 * it allows. Loading the two after each other would need the first to allow seccomp(2).
 */
export function chainFilters(first: Uint8Array, second: Uint8Array): Uint8Array {
  const count = first.length / INSTRUCTION_BYTES;
  const logging = Buffer.from(second);
  forEachReturn(logging, (at, answer) => {
    if (answer === SECCOMP_RET_ALLOW) logging.writeUInt32LE(SECCOMP_RET_LOG, at + 4);
  });
  const chained = Buffer.concat([first, second, logging]);
  const total = chained.length / INSTRUCTION_BYTES;
  if (total > MAX_INSTRUCTIONS) {
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_POLICY',
      `The two policies together are ${total} instructions, more than ${MAX_INSTRUCTIONS}`,
    );
  }
  forEachReturn(chained.subarray(0, first.length), (at, answer) => {
    if (answer !== SECCOMP_RET_ALLOW && answer !== SECCOMP_RET_LOG) return;
    const index = at / INSTRUCTION_BYTES;
    const target = answer === SECCOMP_RET_ALLOW ? count : count + second.length / INSTRUCTION_BYTES;
    chained.writeUInt16LE(BPF_JMP_JA, at);
    chained.writeUInt32LE(target - index - 1, at + 4);
  });
  return chained;
}

function forEachReturn(program: Buffer, visit: (at: number, answer: number) => void): void {
  for (let at = 0; at < program.length; at += INSTRUCTION_BYTES) {
    const code = program.readUInt16LE(at);
    if (code === BPF_RET_A) {
      throw new ContainervError(
        'ERR_CONTAINERV_INVALID_POLICY',
        'A filter computes its answer, so it cannot be narrowed',
      );
    }
    if (code === BPF_RET_K) visit(at, program.readUInt32LE(at + 4));
  }
}

function capabilityMask(names: readonly string[]): bigint {
  let mask = 0n;
  for (const name of names) {
    const bit = capabilityNames.indexOf(name as (typeof capabilityNames)[number]);
    if (bit < 0) {
      throw new ContainervError('ERR_CONTAINERV_INVALID_POLICY', `Unknown capability \`${name}\``);
    }
    mask |= 1n << BigInt(bit);
  }
  return mask;
}

/** Names of the capabilities in a mask as /proc/PID/status prints it. */
export function capabilitiesIn(mask: bigint): string[] {
  return capabilityNames.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

export function filterArch(): 'x64' | 'arm64' {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `No system call table for ${process.arch}`, {
    hint: 'containerv-linux works on x64 and arm64.',
  });
}
