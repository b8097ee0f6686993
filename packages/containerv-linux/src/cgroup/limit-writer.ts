import { readFileSync } from 'node:fs';
import { ContainervError, type LimitName, type ResolvedLimits } from 'containerv-api';
import type { FileBatch } from '../file-batch.js';
import { type SystemFailure, systemError } from '../system-error.js';
import { expandCpuList, type LimitFile } from './limit-file.js';

export const STEP = 'set limits';
const ENOENT = 2;

type Held = Partial<Record<LimitName, boolean>>;

interface Outcome {
  readonly holding: boolean;
  readonly failure: SystemFailure | undefined;
  /** What the kernel says it holds. */
  readonly told: string | undefined;
}

/** Writes limits into control groups and reads back whether the kernel holds them. */
export class LimitWriter {
  readonly #limits: ResolvedLimits;
  readonly #files: readonly LimitFile[];
  readonly #directoryOf: (controller: string) => string | undefined;
  readonly #steps = new Map<LimitFile, { readonly write: number; readonly read: number }>();

  constructor(
    limits: ResolvedLimits,
    files: readonly LimitFile[],
    directoryOf: (controller: string) => string | undefined,
  ) {
    this.#limits = limits;
    this.#files = files;
    this.#directoryOf = directoryOf;
  }

  addTo(batch: FileBatch): void {
    for (const file of this.#files) {
      const directory = this.#directoryOf(file.controller);
      if (directory === undefined) continue;
      const target = `${directory}/${file.file}`;
      const write = batch.add({ op: 'write', path: target, text: file.value, optional: true });
      const told = `${directory}/${file.told ?? file.file}`;
      this.#steps.set(file, { write, read: batch.add({ op: 'read', path: told, optional: true }) });
    }
  }

  /**
   * Which limits are held.
   * @param groupFailure - why there is no group, which says more than that a file in it is not there
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when one that the caller asked for is not
   */
  held(batch: FileBatch, groupFailure?: SystemFailure): Held {
    const held: Held = {};
    for (const file of this.#files) {
      const { limit } = file;
      const { holding, failure, told } = this.#outcome(file, batch);
      // What is not limited needs nobody to hold it.
      const lifted = isLifted(this.#limits, limit);
      const satisfied = holding || lifted || this.#heldByAnother(file, batch);
      if (!satisfied && this.#limits.explicit[limit]) throw notHeld(file, groupFailure ?? failure, told);
      held[limit] = satisfied && held[limit] !== false;
    }
    return held;
  }

  #outcome(file: LimitFile, batch: FileBatch): Outcome {
    const steps = this.#steps.get(file);
    if (steps === undefined) return { holding: false, failure: undefined, told: undefined };
    const failure = batch.failure(steps.write, STEP);
    const read = batch.result(steps.read);
    const told = read.done ? read.text : undefined;
    return { holding: failure === undefined && told !== undefined && file.holds(told), failure, told };
  }

  #heldByAnother({ limit, either }: LimitFile, batch: FileBatch): boolean {
    const others = either === true ? this.#files : [];
    return others.some(
      (other) => other.limit === limit && other.either === true && this.#outcome(other, batch).holding,
    );
  }
}

function isLifted(limits: ResolvedLimits, limit: LimitName): boolean {
  const values = {
    memory: limits.memoryBytes,
    memoryHigh: limits.memoryHighBytes,
    swap: limits.swapBytes,
    cpus: limits.cpus,
    pids: limits.pids,
  };
  return limit in values && values[limit as keyof typeof values] === 'max';
}

function notHeld(
  { limit, file, value, hint: known }: LimitFile,
  failure: SystemFailure | undefined,
  told: string | undefined,
): ContainervError {
  const what = `The limit \`${limit}\` cannot be enforced`;
  if (limit === 'cpuset') {
    const error = missingProcessors(expandCpuList(value), what);
    if (error !== undefined) return error;
  }
  if (failure === undefined || failure.errno === 0) {
    const instead = told === undefined ? '' : `, and holds ${told.trim() || 'nothing'} instead`;
    const hint = known ?? `No control group here takes ${file} = ${value}${instead}. See: containerv doctor`;
    return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', what, { step: STEP, hint });
  }
  const missing = failure.errno === ENOENT ? known : undefined;
  const hint =
    missing ??
    'This user may not make control groups here, or the kernel refused the value. See: containerv doctor';
  return systemError(failure, { code: 'ERR_CONTAINERV_UNSUPPORTED', what, hint });
}

function missingProcessors(wanted: readonly number[], what: string): ContainervError | undefined {
  const list = onlineProcessors();
  const online = new Set(expandCpuList(list));
  const missing = wanted.filter((cpu) => !online.has(cpu));
  if (list === '' || missing.length === 0) return undefined;
  const count = online.size === 1 ? '1 processor' : `${online.size} processors`;
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `${what}: this host has ${count}, numbered ${list}, and no ${missing.join(', ')}`,
    { step: STEP, hint: `Choose from ${list}, or leave \`limits.cpuset\` out.` },
  );
}

function onlineProcessors(): string {
  try {
    return readFileSync('/sys/devices/system/cpu/online', 'utf8').trim();
  } catch {
    return '';
  }
}
