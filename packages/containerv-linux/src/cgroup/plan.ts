import path from 'node:path';
import type { ResolvedLimits } from 'containerv-api';
import type { FileBatch } from '../file-batch.js';
import { type SystemFailure, systemError } from '../system-error.js';
import type { Cgroup, CgroupPlan, CgroupTasks } from './cgroup.js';
import type { GroupDirectories } from './groups.js';
import { directoryOf } from './groups.js';
import type { LimitFile } from './limit-file.js';
import { LimitWriter, STEP } from './limit-writer.js';

const EPERM = 1;
const ENOENT = 2;
const EACCES = 13;
const EROFS = 30;
const FORBIDDEN: ReadonlySet<number> = new Set([EPERM, EACCES, EROFS]);

/** The part that both versions share: groups are made, limits are written and read back, and the outcome judged. */
export abstract class Plan implements CgroupPlan {
  abstract readonly directories: readonly string[];
  abstract readonly groups: GroupDirectories;
  abstract readonly unified: boolean;
  abstract readonly tasks: readonly CgroupTasks[];
  abstract readonly openStep: number;
  readonly #writer: LimitWriter;
  readonly #above = new Map<string, number>();
  readonly #made = new Map<string, number>();

  constructor(limits: ResolvedLimits, files: readonly LimitFile[]) {
    this.#writer = new LimitWriter(limits, files, (controller) => directoryOf(this.groups, controller));
  }

  abstract addTo(batch: FileBatch): void;
  protected abstract describe(batch: FileBatch): Omit<Cgroup, 'limits'>;

  /** The group of ours that those of all containers are in, made by whoever is the first. */
  protected makeAbove(batch: FileBatch, directory: string): void {
    this.#above.set(
      directory,
      batch.add({ op: 'ensure-directory', path: directory, mode: 0o755, optional: true }),
    );
  }

  protected make(batch: FileBatch, directory: string): void {
    this.#made.set(directory, batch.add({ op: 'mkdir', path: directory, mode: 0o755, optional: true }));
  }

  protected madeBy(directory: string): number {
    return this.#made.get(directory) ?? -1;
  }

  protected addLimits(batch: FileBatch): void {
    this.#writer.addTo(batch);
  }

  outcome(batch: FileBatch): Cgroup {
    const failures = this.#failures(batch);
    const limits = this.#writer.held(batch, failures[0]?.failure);
    for (const { directory, failure } of failures) {
      // A group that is there already is somebody's: its limits would not be ours.
      if (FORBIDDEN.has(failure.errno)) continue;
      throw systemError(failure, {
        what: 'Cannot make the control group',
        hint: `Is another container using ${directory}?`,
      });
    }
    // A user may have been given some controllers and not others.
    const any = failures.length < this.#made.size;
    return any
      ? { ...this.describe(batch), limits }
      : { version: false, limits, deviceFilter: false, fd: -1, tasks: [] };
  }

  #failures(batch: FileBatch): { readonly directory: string; readonly failure: SystemFailure }[] {
    return [...this.#made].flatMap(([directory, handle]) => {
      const failure = batch.failure(handle, STEP);
      if (failure === undefined) return [];
      // Not there, because the one above could not be made: why not is what there is to tell.
      const above = failure.errno === ENOENT ? this.#above.get(path.dirname(directory)) : undefined;
      const reason = above === undefined ? undefined : batch.failure(above, STEP);
      return [{ directory, failure: reason ?? failure }];
    });
  }
}
