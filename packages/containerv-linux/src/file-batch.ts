import { encodeFileSteps } from './file-steps.js';
import type { EncodedSteps, FileResult, FileResults, FileStep, Native } from './native.js';
import type { SystemFailure } from './system-error.js';

const DONE: FileResult = { done: true, text: '', fd: -1, syscall: '', errno: 0 };

/** File steps that run together in one turn of a pool thread, and what came of them. */
export class FileBatch {
  readonly #steps: FileStep[] = [];
  #results: readonly FileResult[] = [];

  /** @returns a handle for {@link result} */
  add(step: FileStep): number {
    return this.#steps.push(step) - 1;
  }

  get steps(): readonly FileStep[] {
    return this.#steps;
  }

  /** As the addon reads them. */
  get encoded(): EncodedSteps {
    return encodeFileSteps(this.#steps);
  }

  /** Runs the steps by themselves. @returns the failure that stopped them, if one did */
  async run(native: Native, step: string): Promise<BatchFailure | undefined> {
    return this.settle(await native.files(this.encoded), step);
  }

  /** Takes the results of steps that ran as part of something else. */
  settle(results: FileResults, step: string): BatchFailure | undefined {
    this.#results = Array.from(this.#steps, (_, index) => results[index] ?? DONE);
    const stopped = this.#results.findIndex(
      ({ done }, index) => !done && this.#steps[index]?.optional !== true,
    );
    const failed = this.#steps[stopped];
    return failed === undefined ? undefined : { ...this.#failure(stopped, step), op: failed.op };
  }

  result(handle: number): FileResult {
    const result = this.#results[handle];
    if (result === undefined) throw new RangeError('no such step');
    return result;
  }

  /** What made an optional step fail. */
  failure(handle: number, step: string): SystemFailure | undefined {
    return this.result(handle).done ? undefined : this.#failure(handle, step);
  }

  #failure(handle: number, step: string): SystemFailure {
    const { syscall, errno } = this.result(handle);
    return { step, syscall, errno, path: this.#steps[handle]?.path };
  }
}

export type BatchFailure = SystemFailure & { readonly op: FileStep['op'] };
