/**
 * Learns of an end in three ways, because each of them alone misses some: by notification, by looking once after the
 * notification was asked for (it may have ended before), and by looking now and then (notifications get lost).
 */
export class ExitWatch<Exit> {
  readonly exited: Promise<Exit>;
  readonly #look: () => Promise<Exit | undefined>;
  readonly #pollMs: number;
  readonly #keepAlive: boolean;
  #settle: (exit: Exit) => void = () => {};
  #settled = false;
  #stopped = false;
  #looking: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param look how it ended, or `undefined` while it runs; what it rejects with is ignored, and looked again later
   * @param keepAlive whether the program stays while this waits
   */
  constructor(look: () => Promise<Exit | undefined>, pollMs: number, keepAlive: boolean) {
    this.#look = look;
    this.#pollMs = pollMs;
    this.#keepAlive = keepAlive;
    this.exited = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get ended(): boolean {
    return this.#settled;
  }

  /** Looks now, and from then on until it has ended. */
  check(): void {
    if (this.#settled || this.#stopped) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#looking = this.#look()
      .then((exit) => (exit === undefined ? undefined : this.settle(exit)))
      .catch(() => {})
      .finally(() => {
        this.#looking = undefined;
        this.#next();
      });
  }

  settle(exit: Exit): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#settle(exit);
  }

  /** Nobody wants to know any more; `exited` stays as it is. Resolves when nothing is looked at any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #next(): void {
    if (this.#settled || this.#stopped) return;
    if (this.#again) {
      this.#again = false;
      this.check();
      return;
    }
    this.#timer = setTimeout(() => this.check(), this.#pollMs);
    if (!this.#keepAlive) this.#timer.unref();
  }
}
