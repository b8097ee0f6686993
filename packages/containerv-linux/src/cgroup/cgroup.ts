import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ContainervError, type Enforced, type LimitName, type ResolvedLimits } from 'containerv-api';
import type { FileBatch } from '../file-batch.js';
import { type SystemFailure, systemError } from '../system-error.js';
import { type CgroupHierarchies, readHierarchies } from './hierarchy.js';
import { type LimitFile, limitFilesV1, limitFilesV2 } from './limit-files.js';

const PARENT = 'containerv';
const STEP = 'set limits';
const EPERM = 1;
const EACCES = 13;
const EROFS = 30;

/** The control groups of one container. */
export interface Cgroup {
  readonly version: Enforced['cgroup'];
  /** Which limits the kernel holds, read back. */
  readonly limits: Readonly<Partial<Record<LimitName, boolean>>>;
  /** v2: the open directory, or -1. */
  readonly fd: number;
  /** Where the kernel counts what it killed for memory. */
  readonly oomFile: string | undefined;
}

export interface CgroupTasks {
  readonly path: string;
  /** Not made, not entered; -1: made before. */
  readonly step: number;
}

/** What is to be made and written for a container's limits, to be run as part of a batch. */
export interface CgroupPlan {
  /** Every directory that may be made, known before it is, for whoever has to clean up. */
  readonly directories: readonly string[];
  readonly unified: boolean;
  addTo(batch: FileBatch): void;
  /** v1: `tasks` files that init enters by, each with the step that made its group. */
  readonly tasks: readonly CgroupTasks[];
  /** v2: the step that opens the directory for init to be born in; otherwise -1. */
  readonly openStep: number;
  /**
   * What came of it.
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when a limit that the caller asked for is not held; defaults
   * that are not are told in `limits`.
   */
  outcome(batch: FileBatch): Cgroup;
}

// Mounts and our own place in them do not change under a running program in practice; reading them costs more than
// making a group.
let cached: CgroupHierarchies | undefined;

function hierarchiesOfHost(): CgroupHierarchies {
  cached ??= readHierarchies();
  return cached;
}

/** Whether limits are held by cgroup v2, which a process is born into. */
export function isUnifiedHost(): boolean {
  return isUnified(hierarchiesOfHost());
}

export function planCgroup(
  id: string,
  limits: ResolvedLimits,
  hierarchies: CgroupHierarchies = hierarchiesOfHost(),
): CgroupPlan {
  const cpus = availableParallelism();
  return isUnified(hierarchies)
    ? new PlanV2(id, limits, limitFilesV2(limits, cpus), hierarchies)
    : new PlanV1(id, limits, limitFilesV1(limits, cpus), hierarchies);
}

type Unified = CgroupHierarchies & { readonly v2: NonNullable<CgroupHierarchies['v2']> };

function isUnified(hierarchies: CgroupHierarchies): hierarchies is Unified {
  return hierarchies.v2?.controllers.includes('memory') === true;
}

/** The part that both versions share: limit files are written and read back, and the outcome judged. */
abstract class Plan implements CgroupPlan {
  abstract readonly directories: readonly string[];
  abstract readonly unified: boolean;
  abstract readonly tasks: readonly CgroupTasks[];
  abstract readonly openStep: number;
  protected readonly limits: ResolvedLimits;
  readonly #files: readonly LimitFile[];
  readonly #made = new Map<string, number>();
  readonly #written: { readonly file: LimitFile; readonly write: number; readonly read: number }[] = [];

  constructor(limits: ResolvedLimits, files: readonly LimitFile[]) {
    this.limits = limits;
    this.#files = files;
  }

  protected abstract directoryOf(controller: string): string | undefined;
  abstract addTo(batch: FileBatch): void;
  protected abstract describe(batch: FileBatch): Omit<Cgroup, 'limits'>;

  protected make(batch: FileBatch, directory: string): void {
    this.#made.set(directory, batch.add({ op: 'mkdir', path: directory, mode: 0o755, optional: true }));
  }

  protected madeBy(directory: string): number {
    return this.#made.get(directory) ?? -1;
  }

  protected addLimits(batch: FileBatch): void {
    for (const file of this.#files) {
      const directory = this.directoryOf(file.controller);
      if (directory === undefined) continue;
      const target = path.join(directory, file.file);
      const write = batch.add({ op: 'write', path: target, text: file.value, optional: true });
      this.#written.push({ file, write, read: batch.add({ op: 'read', path: target, optional: true }) });
    }
  }

  outcome(batch: FileBatch): Cgroup {
    const limits = this.#held(batch);
    for (const [directory, handle] of this.#made) {
      // A group that is there already is somebody's: its limits would not be ours.
      const failure = batch.failure(handle, STEP);
      if (failure === undefined) continue;
      if (failure.errno !== EPERM && failure.errno !== EACCES && failure.errno !== EROFS) {
        throw systemError(failure, {
          what: 'Cannot make the control group',
          hint: `Is another container using ${directory}?`,
        });
      }
      return { version: false, limits, fd: -1, oomFile: undefined };
    }
    return this.#made.size === 0
      ? { version: false, limits, fd: -1, oomFile: undefined }
      : { ...this.describe(batch), limits };
  }

  /** Why there is no group, which says more than that a file in it is not there. */
  #groupFailure(batch: FileBatch): SystemFailure | undefined {
    for (const handle of this.#made.values()) {
      const failure = batch.failure(handle, STEP);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  #held(batch: FileBatch): Partial<Record<LimitName, boolean>> {
    const held: Partial<Record<LimitName, boolean>> = {};
    for (const file of this.#files) {
      const written = this.#written.find((candidate) => candidate.file === file);
      const failure = written === undefined ? undefined : batch.failure(written.write, STEP);
      const read = written === undefined ? undefined : batch.result(written.read);
      const holding = failure === undefined && read?.done === true && file.holds(read.text);
      // What is not limited needs nobody to hold it.
      const lifted = isLifted(this.limits, file.limit);
      if (!holding && !lifted && this.limits.explicit[file.limit])
        throw notHeld(file, this.#groupFailure(batch) ?? failure);
      held[file.limit] = (holding || lifted) && held[file.limit] !== false;
    }
    if (this.limits.memoryBytes === 'max') held.memory = true;
    return held;
  }
}

class PlanV2 extends Plan {
  readonly unified = true;
  readonly tasks: readonly CgroupTasks[] = [];
  readonly directories: readonly string[];
  readonly #parent: string;
  readonly #directory: string;
  readonly #root: string;
  readonly #controllers: readonly string[];
  openStep = -1;

  constructor(id: string, limits: ResolvedLimits, files: readonly LimitFile[], { v2 }: Unified) {
    super(limits, files);
    this.#root = v2.mount;
    this.#parent = path.join(v2.mount, PARENT);
    this.#directory = path.join(this.#parent, id);
    this.directories = [this.#directory];
    this.#controllers = [...new Set(files.map(({ controller }) => controller))].filter((name) =>
      v2.controllers.includes(name),
    );
  }

  addTo(batch: FileBatch): void {
    batch.add({ op: 'ensure-directory', path: this.#parent, mode: 0o755, optional: true });
    for (const group of [this.#root, this.#parent]) {
      const file = path.join(group, 'cgroup.subtree_control');
      for (const name of this.#controllers)
        batch.add({ op: 'write', path: file, text: `+${name}`, optional: true });
    }
    this.make(batch, this.#directory);
    this.addLimits(batch);
    this.openStep = batch.add({ op: 'open', path: this.#directory, optional: true });
  }

  protected directoryOf(): string {
    return this.#directory;
  }

  protected describe(batch: FileBatch): Omit<Cgroup, 'limits'> {
    return {
      version: 'v2',
      fd: batch.result(this.openStep).fd,
      oomFile: path.join(this.#directory, 'memory.events'),
    };
  }
}

class PlanV1 extends Plan {
  readonly unified = false;
  readonly openStep = -1;
  readonly directories: readonly string[];
  /** By controller; controllers that are mounted together share one. */
  readonly #byController = new Map<string, string>();
  readonly #hybrid: boolean;

  constructor(
    id: string,
    limits: ResolvedLimits,
    files: readonly LimitFile[],
    { v1, v2 }: CgroupHierarchies,
  ) {
    super(limits, files);
    this.#hybrid = v2 !== undefined;
    for (const { controller } of files) {
      const own = v1.get(controller);
      // Below our own group: a limit on us holds for what we start.
      if (own !== undefined) this.#byController.set(controller, path.join(own, PARENT, id));
    }
    this.directories = [...new Set(this.#byController.values())];
  }

  addTo(batch: FileBatch): void {
    for (const directory of this.directories) {
      batch.add({ op: 'ensure-directory', path: path.dirname(directory), mode: 0o755, optional: true });
      this.make(batch, directory);
    }
    const cpuset = this.#byController.get('cpuset');
    if (cpuset !== undefined) inheritCpuset(batch, cpuset);
    this.addLimits(batch);
  }

  get tasks(): readonly CgroupTasks[] {
    return this.directories.map((directory) => ({
      path: path.join(directory, 'tasks'),
      step: this.madeBy(directory),
    }));
  }

  protected directoryOf(controller: string): string | undefined {
    return this.#byController.get(controller);
  }

  protected describe(): Omit<Cgroup, 'limits'> {
    const memory = this.#byController.get('memory');
    return {
      version: this.#hybrid ? 'hybrid' : 'v1',
      fd: -1,
      oomFile: memory === undefined ? undefined : path.join(memory, 'memory.oom_control'),
    };
  }
}

function isLifted(limits: ResolvedLimits, limit: LimitName): boolean {
  const values = { memory: limits.memoryBytes, swap: limits.swapBytes, cpus: limits.cpus, pids: limits.pids };
  return limit in values && values[limit as keyof typeof values] === 'max';
}

/** A new v1 cpuset is empty and takes no process until it has processors and memory nodes (cpusets.rst). */
function inheritCpuset(batch: FileBatch, directory: string): void {
  const parent = path.dirname(directory);
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const text = readFileSync(path.join(path.dirname(parent), file), 'utf8');
    for (const group of [parent, directory])
      batch.add({ op: 'write', path: path.join(group, file), text, optional: true });
  }
}

function notHeld({ limit, file, value }: LimitFile, failure: SystemFailure | undefined): ContainervError {
  const what = `The limit \`${limit}\` cannot be enforced`;
  if (failure === undefined || failure.errno === 0) {
    const hint = `No control group here takes ${file} = ${value}. See: containerv doctor`;
    return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', what, { step: STEP, hint });
  }
  const hint =
    'This user may not make control groups here, or the kernel refused the value. See: containerv doctor';
  return systemError(failure, { code: 'ERR_CONTAINERV_UNSUPPORTED', what, hint });
}

/** How many processes the kernel killed for memory, from memory.events (v2) or memory.oom_control (v1). */
export function parseOomKills(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
