import type { TransferProgress } from 'containerv-api';

const INTERVAL_MS = 100;

/** How far one part of a transfer is. */
export type Gauge = () => TransferProgress;

/** Tells how far a transfer is: what its parts have done that are over, and the one that runs. */
export class Progress implements Disposable {
  readonly #tell: ((progress: TransferProgress) => void) | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #before: TransferProgress = { bytes: 0, entries: 0 };
  #running: Gauge | undefined;

  constructor(tell: ((progress: TransferProgress) => void) | undefined) {
    this.#tell = tell;
    this.#timer = tell === undefined ? undefined : setInterval(() => this.#now(), INTERVAL_MS);
  }

  begin(gauge: Gauge): void {
    this.#running = gauge;
  }

  /** The part that runs is over, and what it did counts. */
  settle(): void {
    this.#before = this.#sum();
    this.#running = undefined;
  }

  /** The part that runs has failed, and counts no more. */
  drop(): void {
    this.#running = undefined;
  }

  /** Everything is over: tells so for the last time. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#now();
  }

  #sum(): TransferProgress {
    const { bytes, entries } = this.#running?.() ?? { bytes: 0, entries: 0 };
    return { bytes: this.#before.bytes + bytes, entries: this.#before.entries + entries };
  }

  #now(): void {
    this.#tell?.(this.#sum());
  }
}
