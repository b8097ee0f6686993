import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { ContainervError } from 'containerv-api';
import type { Channel } from '../channel.js';
import { FILE_RULES_STEP } from '../landlock/ruleset-error.js';
import type { FileRule } from '../landlock/ruleset.js';
import type { Native } from '../native.js';
import { MessageType } from '../protocol.js';
import { failureOf, systemError } from '../system-error.js';
import { WireWriter } from '../wire.js';
import type { FileMaps } from './file-maps.js';
import { placeRules, type PlacedRules } from './place-rules.js';
import { OWN_POLICY_BITS } from './program-parts.js';
import { RuleEntries } from './rule-entries.js';

/** kMaxDescriptors of native/common/protocol.h. */
const MOST_DESCRIPTORS = 64;
/** No control group has a number this high. */
const OWN_POLICY = 1n << 63n;

/** How often the container's processes were let, and not let, do something with a file. */
export interface FileCounters {
  readonly allowed: number;
  readonly denied: number;
}

/** A policy that a process is to have besides the container's. */
export interface OwnFilePolicy {
  /** What init has the process join, before it executes anything. */
  readonly number: bigint;
  /** Rules that give nothing, because what they name is not there. */
  readonly missed: readonly string[];
}

/** A container whose files programs judge, for whoever has their maps open. */
export class JudgedFiles {
  readonly key: Buffer;
  readonly #native: Native;
  readonly #maps: FileMaps;

  /** @param group its directory in cgroup v2 */
  constructor(native: Native, maps: FileMaps, group: string) {
    this.#native = native;
    this.#maps = maps;
    this.key = Buffer.alloc(8);
    this.key.writeBigUInt64LE(statSync(group, { bigint: true }).ino);
  }

  counters(): FileCounters {
    const entry = this.#maps.containers.get(this.key);
    return {
      allowed: Number(entry?.readBigUInt64LE(8) ?? 0n),
      denied: Number(entry?.readBigUInt64LE(16) ?? 0n),
    };
  }

  /**
   * Puts rules of a process's own into the kernel. They are called after what they come to in this container, so that the
   * same rules are there once, whoever gives them; they go with the container's.
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` where the kernel cannot keep policies of processes
   */
  async ownPolicy(init: number, channel: Channel, rules: readonly FileRule[]): Promise<OwnFilePolicy> {
    if (this.#maps.policies === undefined) throw noOwnPolicies();
    const fds: number[] = [];
    try {
      const placed = placeRules(this.#native, this.#maps, init, rules, fds);
      const number = numberOf(this.key, placed);
      const key = Buffer.alloc(8);
      key.writeBigUInt64LE(number);
      if (this.#maps.containers.get(key) === undefined) {
        await hold(channel, fds);
        this.#give(key, placed);
      }
      return { number, missed: placed.missed };
    } catch (error) {
      throw plainError(error);
    } finally {
      for (const fd of fds) this.#native.close(fd);
    }
  }

  /** When nothing runs in the container any more. */
  forgetOwnPolicies(): void {
    const { containers, rules, mounts } = this.#maps;
    const mine = new Set<string>();
    for (const key of containers.keys()) {
      if ((key.readBigUInt64LE() & OWN_POLICY) === 0n) continue;
      if (containers.get(key)?.subarray(0, 8).equals(this.key) !== true) continue;
      mine.add(key.toString('hex'));
      containers.delete(key);
    }
    if (mine.size === 0) return;
    for (const map of [rules, mounts]) {
      for (const key of map.keys()) if (mine.has(key.toString('hex', 0, 8))) map.delete(key);
    }
  }

  #give(key: Buffer, placed: PlacedRules): void {
    const entries = new RuleEntries(this.#maps, key);
    try {
      entries.give(placed, OWN_POLICY_BITS);
      const value = Buffer.alloc(32);
      this.key.copy(value);
      // Last: from here on others take it for complete.
      this.#maps.containers.set(key, value);
    } catch (error) {
      entries.take();
      throw error;
    }
  }
}

/** The same rules have the same number; others, but for one chance in 2^63, another. */
function numberOf(group: Buffer, { marks, mounts }: PlacedRules): bigint {
  const listed = (entries: ReadonlyMap<bigint, number>): string[] =>
    [...entries].map(([part, access]) => `${part}:${access}`).sort();
  const text = JSON.stringify([group.toString('hex'), listed(marks), listed(mounts)]);
  return createHash('sha256').update(text).digest().readBigUInt64LE() | OWN_POLICY;
}

/** Has init keep them open for as long as it lives. */
export async function hold(channel: Channel, fds: readonly number[]): Promise<void> {
  for (let start = 0; start < fds.length; start += MOST_DESCRIPTORS) {
    await channel.call(
      (request) => new WireWriter(MessageType.Hold, request),
      fds.slice(start, start + MOST_DESCRIPTORS),
    );
  }
}

export function plainError(error: unknown): unknown {
  if (error instanceof ContainervError) return error;
  const failure = failureOf(error, FILE_RULES_STEP);
  return failure === undefined
    ? error
    : systemError(failure, { what: 'Cannot apply file rules', cause: error });
}

function noOwnPolicies(): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    'With `bpfLsm`, file rules of a process’s own take Linux 6.2, and this kernel is older',
    {
      step: FILE_RULES_STEP,
      hint: 'Give the container these rules, or create it without `bpfLsm`: Landlock enforces them without it.',
    },
  );
}
