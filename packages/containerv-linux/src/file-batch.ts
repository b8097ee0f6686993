import type { FileResult, FileStep, Native } from './native.js';
import type { SystemFailure } from './system-error.js';

/** Runs file steps together and looks at what came of them. */
export class FileBatch {
  readonly #steps: FileStep[] = [];
  #results: readonly FileResult[] = [];

  /** @returns a handle for {@link result} */
  add(step: FileStep): number {
    return this.#steps.push(step) - 1;
  }

  /** The failure that stopped the batch, if one did. */
  async run(
    native: Native,
    step: string,
  ): Promise<(SystemFailure & { readonly op: FileStep['op'] }) | undefined> {
    this.#results = await native.files(this.#steps);
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
