import { readFileSync } from 'node:fs';
import { ContainervError } from 'containerv-api';
import { FsAccess } from 'containerv-policy';
import { unifiedLevel } from '../cgroup/cgroup.js';
import type { Channel } from '../channel.js';
import type { FileRule } from '../landlock/ruleset.js';
import type { Native } from '../native.js';
import { MessageType } from '../protocol.js';
import { WireWriter } from '../wire.js';
import type { MapIds } from './file-maps.js';
import { FilePrograms } from './file-programs.js';
import { hold, JudgedFiles, plainError } from './judged-files.js';
import { placeRules, type PlacedRules } from './place-rules.js';
import { RuleEntries } from './rule-entries.js';

/** A container whose init has built its root and runs nothing yet. */
export interface ConfinableContainer {
  readonly init: { readonly pid: number; readonly channel: Channel };
  /** Its directory in cgroup v2. */
  readonly group: string;
  /** `undefined`: its policy denies no file; that of a process may. */
  readonly rules: readonly FileRule[] | undefined;
}

const NO_RULES: PlacedRules = { marks: new Map(), mounts: new Map(), missed: [] };

/** A container's rules in the kernel, for who made or started it: when it goes, so do they. */
export class ConfinedFiles {
  /** Rules that give nothing, because what they name is not there. */
  readonly missed: readonly string[];
  /** Whether any of its files is denied to all of its processes. */
  readonly denies: boolean;
  readonly judged: JudgedFiles;
  readonly #programs: FilePrograms;
  readonly #group: string;
  readonly #entries: RuleEntries;
  #released = false;

  private constructor(
    native: Native,
    programs: FilePrograms,
    { group, rules }: ConfinableContainer,
    placed: PlacedRules,
  ) {
    this.#programs = programs;
    this.#group = group;
    this.judged = new JudgedFiles(native, programs.maps, group);
    this.denies = rules !== undefined;
    this.missed = placed.missed;
    this.#entries = new RuleEntries(programs.maps, this.judged.key);
    try {
      this.#entries.give(placed);
      const entry = Buffer.alloc(32);
      entry.writeBigUInt64LE(BigInt(this.denies ? 0 : FsAccess.All), 24);
      // Last: from here on it is in force.
      programs.maps.containers.set(this.judged.key, entry, { mustBeNew: true });
    } catch (error) {
      this.#entries.take();
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
      const placed = rules === undefined ? NO_RULES : placeRules(native, programs.maps, init.pid, rules, fds);
      files = new ConfinedFiles(native, programs, container, placed);
      await hold(init.channel, [...fds, ...programs.links]);
      await tellInit(init.channel, files.denies, programs.maps.policies?.fd);
      files.#verify();
      return files;
    } catch (error) {
      await (files ?? programs).release();
      throw plainError(error);
    } finally {
      for (const fd of fds) native.close(fd);
    }
  }

  /** By which who joins the container finds the rules. */
  get ids(): MapIds {
    return this.#programs.maps.ids();
  }

  /** When init has ended: at once if all of its processes have, otherwise not yet. */
  async releaseIfEmpty(): Promise<void> {
    if (!isPopulated(this.#group)) await this.release();
  }

  /** Only once nothing runs in the container any more: what did would be free. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#programs.maps.containers.delete(this.judged.key);
    this.#entries.take();
    this.judged.forgetOwnPolicies();
    await this.#programs.release();
  }

  get released(): boolean {
    return this.#released;
  }

  /** The programs saw init open a file: they are asked, and find this container by its group. */
  #verify(): void {
    const entry = this.#programs.maps.containers.get(this.judged.key);
    if (entry !== undefined && entry.readBigUInt64LE(0) !== 0n) return;
    throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'Not in force: the BPF programs for file rules', {
      step: 'verify confinement',
      hint: 'The kernel took them and does not ask them. See: containerv doctor',
    });
  }
}

/** What init needs to let processes join policies of their own, and to explain what is denied. */
async function tellInit(channel: Channel, denies: boolean, policies: number | undefined): Promise<void> {
  await channel.call(
    (request) => new WireWriter(MessageType.JudgeFiles, request).u32(denies ? 1 : 0),
    policies === undefined ? [] : [policies],
  );
}

function isPopulated(group: string): boolean {
  try {
    return /^populated 1$/m.test(readFileSync(`${group}/cgroup.events`, 'utf8'));
  } catch {
    return false;
  }
}
