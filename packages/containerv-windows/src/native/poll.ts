/** Looks at something now and then, one look at a time, until it is found. */
export class Poll {
  readonly #look: () => Promise<boolean>;
  readonly #intervalMs: number;
  readonly #found: () => void;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #stopped = false;

  /** @param look what it rejects with is ignored, and looked again later */
  constructor(look: () => Promise<boolean>, intervalMs: number, found: () => void) {
    this.#look = look;
    this.#intervalMs = intervalMs;
    this.#found = found;
    this.#wait();
  }

  /** Resolves when nothing is looked at any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#lookOnce();
    }, this.#intervalMs);
  }

  async #lookOnce(): Promise<void> {
    const found = await this.#look().catch(() => false);
    if (this.#stopped) return;
    if (found) this.#found();
    else this.#wait();
  }
}
