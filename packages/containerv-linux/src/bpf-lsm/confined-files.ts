import { closeSync, constants, openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { ContainervError } from 'containerv-api';
import { unifiedLevel } from '../cgroup/cgroup.js';
import type { Channel } from '../channel.js';
import { FILE_RULES_STEP, leadsNowhere, rulesetError } from '../landlock/ruleset-error.js';
import type { FileRule } from '../landlock/ruleset.js';
import type { Native } from '../native.js';
import { MessageType } from '../protocol.js';
import { failureOf, systemError } from '../system-error.js';
import { WireWriter } from '../wire.js';
import { FilePrograms } from './file-programs.js';
import { type PlacedRule, rightsOfMounts } from './mount-rights.js';

/** kMaxDescriptors of native/common/protocol.h. */
const MOST_DESCRIPTORS = 64;
/** Init has each of them open. */
const MOST_PATHS = 512;
const O_PATH = 0o10_000_000;

/** How often the container's processes were let, and not let, do something with a file. */
export interface FileCounters {
  readonly allowed: number;
  readonly denied: number;
}

/** A container whose init has built its root and runs nothing yet. */
export interface ConfinableContainer {
  readonly init: { readonly pid: number; readonly channel: Channel };
  /** Its directory in cgroup v2. */
  readonly group: string;
  readonly rules: readonly FileRule[];
}

/** A container's rules in the kernel. */
export class ConfinedFiles {
  /** Rules that give nothing, because what they name is not there. */
  readonly missed: readonly string[];
  readonly #programs: FilePrograms;
  readonly #group: string;
  readonly #key: Buffer;
  readonly #entries: (readonly ['rules' | 'mounts', Buffer])[] = [];
  #released = false;

  private constructor(programs: FilePrograms, group: string, placed: Placed, mountinfo: string) {
    this.#programs = programs;
    this.#group = group;
    this.#key = Buffer.alloc(8);
    this.#key.writeBigUInt64LE(statSync(group, { bigint: true }).ino);
    this.missed = placed.missed;
    try {
      for (const [mark, access] of placed.marks) this.#give('rules', mark, access);
      for (const [mount, access] of rightsOfMounts(mountinfo, placed.rules)) {
        this.#give('mounts', BigInt(mount), access);
      }
      // Last: from here on it is in force.
      programs.containers.set(this.#key, Buffer.alloc(24), { mustBeNew: true });
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /**
   * Puts rules in force for everything in the group but its init, and sees that they are.
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when they are not
   */
  static async confine(native: Native, container: ConfinableContainer): Promise<ConfinedFiles> {
    const { init, group, rules } = container;
    const programs = FilePrograms.acquire(native, unifiedLevel(group));
    const fds: number[] = [];
    let files: ConfinedFiles | undefined;
    try {
      const placed = placeRules(native, programs, init.pid, rules, fds);
      files = new ConfinedFiles(programs, group, placed, readFileSync(`/proc/${init.pid}/mountinfo`, 'utf8'));
      await hold(init.channel, [...fds, ...programs.links]);
      files.#verify();
      return files;
    } catch (error) {
      if (files === undefined) programs.release();
      else files.release();
      throw plainError(error);
    } finally {
      for (const fd of fds) native.close(fd);
    }
  }

  counters(): FileCounters {
    const entry = this.#released ? undefined : this.#programs.containers.get(this.#key);
    return {
      allowed: Number(entry?.readBigUInt64LE(8) ?? 0n),
      denied: Number(entry?.readBigUInt64LE(16) ?? 0n),
    };
  }

  /** When init has ended: at once if all of its processes have, otherwise not yet. */
  releaseIfEmpty(): void {
    if (!isPopulated(this.#group)) this.release();
  }

  /** Only once nothing runs in the container any more: what did would be free. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#forget();
    this.#programs.release();
  }

  #give(map: 'rules' | 'mounts', part: bigint, access: number): void {
    const key = Buffer.alloc(16);
    this.#key.copy(key);
    key.writeBigUInt64LE(part, 8);
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(BigInt(access));
    this.#programs[map].set(key, value);
    this.#entries.push([map, key]);
  }

  /** The programs saw init open a file: they are asked, and find this container by its group. */
  #verify(): void {
    const entry = this.#programs.containers.get(this.#key);
    if (entry !== undefined && entry.readBigUInt64LE(0) !== 0n) return;
    throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'Not in force: the BPF programs for file rules', {
      step: 'verify confinement',
      hint: 'The kernel took them and does not ask them. See: containerv doctor',
    });
  }

  #forget(): void {
    this.#programs.containers.delete(this.#key);
    for (const [map, key] of this.#entries.splice(0)) this.#programs[map].delete(key);
  }
}

interface Placed {
  readonly rules: readonly PlacedRule[];
  readonly marks: ReadonlyMap<bigint, number>;
  readonly missed: readonly string[];
}

/**
 * Looks rules up in the container, as init sees it. `fds` is added one descriptor for each file that was marked: as long
 * as somebody has it open, the kernel keeps the mark.
 */
function placeRules(
  native: Native,
  programs: FilePrograms,
  init: number,
  rules: readonly FileRule[],
  fds: number[],
): Placed {
  if (rules.length > MOST_PATHS) {
    throw new ContainervError(
      'ERR_CONTAINERV_UNSUPPORTED',
      `With \`bpfLsm\` a policy has at most ${MOST_PATHS} rules for paths, and this one has ${rules.length}`,
      { step: FILE_RULES_STEP, hint: 'Name directories above them: those cover what is below.' },
    );
  }
  const placed: PlacedRule[] = [];
  const marks = new Map<bigint, number>();
  const missed: string[] = [];
  const root = openSync(`/proc/${init}/root`, O_PATH | constants.O_DIRECTORY);
  try {
    for (const { path, access, origin } of rules) {
      const fd = openRule(native, root, path, origin);
      if (fd < 0) {
        if (origin !== 'base') missed.push(path);
        continue;
      }
      fds.push(fd);
      const mark = programs.markOf(fd);
      marks.set(mark, (marks.get(mark) ?? 0) | access);
      placed.push({ path: readlinkSync(`/proc/self/fd/${fd}`), mount: mountOf(fd), access });
    }
  } finally {
    closeSync(root);
  }
  return { rules: placed, marks, missed };
}

/** -1: it leads nowhere. Links are followed for rules that somebody named, as with Landlock. */
function openRule(native: Native, root: number, path: string, origin: FileRule['origin']): number {
  try {
    return native.openInRoot(root, path, origin !== 'base');
  } catch (error) {
    const failure = failureOf(error, FILE_RULES_STEP);
    if (failure === undefined) throw error;
    if (origin !== 'required' && leadsNowhere(failure)) return -1;
    throw rulesetError(failure, error);
  }
}

function mountOf(fd: number): number {
  const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  if (id !== undefined) return Number(id);
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    'The kernel does not tell which mount a file is in',
    {
      step: FILE_RULES_STEP,
    },
  );
}

async function hold(channel: Channel, fds: readonly number[]): Promise<void> {
  for (let start = 0; start < fds.length; start += MOST_DESCRIPTORS) {
    await channel.call(
      (request) => new WireWriter(MessageType.Hold, request),
      fds.slice(start, start + MOST_DESCRIPTORS),
    );
  }
}

function isPopulated(group: string): boolean {
  try {
    return /^populated 1$/m.test(readFileSync(`${group}/cgroup.events`, 'utf8'));
  } catch {
    return false;
  }
}

function plainError(error: unknown): unknown {
  if (error instanceof ContainervError) return error;
  const failure = failureOf(error, FILE_RULES_STEP);
  return failure === undefined
    ? error
    : systemError(failure, { what: 'Cannot apply file rules', cause: error });
}
