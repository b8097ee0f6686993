import { close } from 'node:fs';
import { ContainervError } from 'containerv-api';
import type { Native } from '../native.js';
import { failureOf, systemError } from '../system-error.js';
import { kernelTypes } from './availability.js';
import { attach, explainRefusal, loadProgram } from './bpf.js';
import { FileMaps } from './file-maps.js';
import type { KernelTypes } from './kernel-types.js';
import { hooksOf, keepsOwnPolicies, layoutOf, programFor } from './programs.js';

const STEP = 'load file programs';

/**
 * The programs that judge file access, and the maps they go by: loaded once for all containers of this process, when the
 * first asks for them, and let go of when the last has ended. Nothing is pinned. Each container's init has the programs
 * open as well, so that they are there for as long as it is, whatever becomes of this process.
 */
export class FilePrograms {
  readonly maps: FileMaps;
  /** Whoever has these open keeps the programs in force. */
  readonly links: readonly number[];
  readonly cgroupLevel: number;
  readonly #native: Native;
  #users = 0;

  /** @throws ContainervError | what the addon throws; nothing is left in the kernel */
  private constructor(native: Native, cgroupLevel: number) {
    this.#native = native;
    this.cgroupLevel = cgroupLevel;
    const types = kernelTypes();
    this.maps = FileMaps.make(native, keepsOwnPolicies(types));
    const links: number[] = [];
    try {
      this.#load(types, links);
    } catch (error) {
      for (const fd of links) native.close(fd);
      this.maps.close();
      throw error;
    }
    this.links = links;
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

  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    loaded = undefined;
    this.maps.close();
    // The kernel takes its time for each: it waits until nobody is in the program.
    await Promise.all(this.links.map(closeElsewhere));
  }

  #load(types: KernelTypes, links: number[]): void {
    const layout = layoutOf(types);
    const { containers, marks, rules, mounts, devices, policies } = this.maps;
    const maps = {
      containers: containers.fd,
      marks: marks.fd,
      rules: rules.fd,
      mounts: mounts.fd,
      devices: devices.fd,
      policies: policies?.fd,
    };
    for (const hook of hooksOf(types)) {
      const made = programFor(hook, { types, layout, maps, cgroupLevel: this.cgroupLevel });
      const source = { hook, id: types.hookId(hook) ?? 0, ...made };
      let program = -1;
      try {
        program = loadProgram(this.#native, source);
        links.push(attach(this.#native, program));
      } catch (error) {
        throw refusalOf(this.#native, source, program < 0, error);
      } finally {
        if (program >= 0) this.#native.close(program);
      }
    }
  }
}

let loaded: FilePrograms | undefined;

/** Without holding up this thread. Linux has given the descriptor up even where close(2) reports an error. */
async function closeElsewhere(fd: number): Promise<void> {
  return new Promise((resolve) => {
    close(fd, () => resolve());
  });
}

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
