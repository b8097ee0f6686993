/** Steps that take back what was done, last first, unless it is released. */
export class UndoStack {
  readonly #steps: (() => Promise<void> | void)[] = [];

  push(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** From here on somebody else owns what was done. */
  release(): void {
    this.#steps.length = 0;
  }

  /** Every step is tried; what fails is returned, so that it can be told beside the first failure. */
  async run(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}
