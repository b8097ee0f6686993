import { ContainervError } from 'containerv-api';
import type { Native } from '../native.js';
import { failureOf, systemError } from '../system-error.js';
import { kernelTypes } from './availability.js';
import { attach, BpfMap, explainRefusal, loadProgram, MapType } from './bpf.js';
import { HOOKS, layoutOf, programFor } from './programs.js';

const STEP = 'load file programs';
const MOST_CONTAINERS = 4096;
const MOST_RULES = 65_536;

/**
 * The programs that judge file access, and the maps they go by: loaded once for all containers of this process, when the
 * first asks for them, and let go of when the last has ended. Nothing is pinned. Each container's init has the programs
 * open as well, so that they are there for as long as it is, whatever becomes of this process.
 */
export class FilePrograms {
  readonly containers: BpfMap;
  readonly marks: BpfMap;
  readonly rules: BpfMap;
  readonly mounts: BpfMap;
  /** Whoever has these open keeps the programs in force. */
  readonly links: readonly number[];
  readonly cgroupLevel: number;
  readonly #native: Native;
  #users = 0;
  #lastMark = 0n;

  /** @throws ContainervError | what the addon throws; nothing is left in the kernel */
  private constructor(native: Native, cgroupLevel: number) {
    this.#native = native;
    this.cgroupLevel = cgroupLevel;
    const opened: number[] = [];
    const map = (
      name: string,
      type: number,
      keyBytes: number,
      valueBytes: number,
      maxEntries: number,
    ): BpfMap => {
      const made = new BpfMap(native, { name, type, keyBytes, valueBytes, maxEntries });
      opened.push(made.fd);
      return made;
    };
    try {
      this.containers = map('cv_containers', MapType.Hash, 8, 24, MOST_CONTAINERS);
      this.marks = map('cv_marks', MapType.InodeStorage, 4, 8, 0);
      this.rules = map('cv_rules', MapType.Hash, 16, 8, MOST_RULES);
      this.mounts = map('cv_mounts', MapType.Hash, 16, 8, MOST_RULES);
      this.links = this.#load(opened);
    } catch (error) {
      for (const fd of opened) native.close(fd);
      throw error;
    }
  }

  /** Each call is to be followed by one of {@link release}. */
  static acquire(native: Native, cgroupLevel: number): FilePrograms {
    loaded ??= new FilePrograms(native, cgroupLevel);
    if (loaded.cgroupLevel !== cgroupLevel) {
      throw new ContainervError('ERR_CONTAINERV_STATE', 'Control groups of containers are on another level', {
        step: STEP,
      });
    }
    loaded.#users += 1;
    return loaded;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    loaded = undefined;
    for (const fd of this.links) this.#native.close(fd);
    for (const map of [this.containers, this.marks, this.rules, this.mounts]) map.close();
  }

  /** What rules call the file behind a descriptor: the mark at its inode, which is gone when the kernel forgets that. */
  markOf(fd: number): bigint {
    const key = Buffer.alloc(4);
    key.writeInt32LE(fd);
    const known = this.marks.get(key);
    if (known !== undefined) return known.readBigUInt64LE();
    this.#lastMark += 1n;
    const mark = Buffer.alloc(8);
    mark.writeBigUInt64LE(this.#lastMark);
    this.marks.set(key, mark, { mustBeNew: true });
    return this.#lastMark;
  }

  #load(opened: number[]): number[] {
    const types = kernelTypes();
    const layout = layoutOf(types);
    const maps = {
      containers: this.containers.fd,
      marks: this.marks.fd,
      rules: this.rules.fd,
      mounts: this.mounts.fd,
    };
    return HOOKS.map((hook) => {
      const instructions = programFor(hook, { types, layout, maps, cgroupLevel: this.cgroupLevel });
      const source = { hook, id: types.hookId(hook) ?? 0, instructions };
      let program = -1;
      try {
        program = loadProgram(this.#native, source);
        const link = attach(this.#native, program);
        opened.push(link);
        return link;
      } catch (error) {
        throw refusalOf(this.#native, source, program < 0, error);
      } finally {
        if (program >= 0) this.#native.close(program);
      }
    });
  }
}

let loaded: FilePrograms | undefined;

function refusalOf(
  native: Native,
  source: Parameters<typeof explainRefusal>[1],
  byVerifier: boolean,
  error: unknown,
): unknown {
  const failure = failureOf(error, STEP);
  if (failure === undefined) return error;
  const detail = byVerifier ? explainRefusal(native, source) : '';
  return systemError(
    { ...failure, step: STEP, detail },
    {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      what: `The kernel refuses the program for ${source.hook}`,
      hint: 'Leave `bpfLsm` out: Landlock enforces file rules without it. See: containerv doctor',
      cause: error,
    },
  );
}
