import type { Readable, Writable } from 'node:stream';

/** Copies a stream into one that outlives it, and knows when everything that came has been written. */
export class Pump {
  readonly #source: Readable;
  readonly #target: Writable;
  /** Whether the target writes by itself, however long it takes, as a descriptor does. */
  readonly patient: boolean;
  #unwritten = 0;
  #stopped = false;
  #waiting: (() => void)[] = [];

  constructor(source: Readable, target: Writable, patient: boolean) {
    this.#source = source;
    this.#target = target;
    this.patient = patient;
    source.on('data', this.#onData);
    target.on('drain', this.#onDrain);
    target.once('error', this.#stop).once('close', this.#stop);
    source.once('close', () => target.off('drain', this.#onDrain));
    if (!target.writable) this.#stop();
  }

  /** Whether the source stands still until the target has written. */
  get blocked(): boolean {
    return !this.#stopped && this.#target.writableNeedDrain;
  }

  /** Resolves once nothing that came is unwritten, or never will be written. */
  async written(): Promise<void> {
    if (this.#unwritten === 0 || this.#stopped) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#stopped) return;
    this.#unwritten++;
    const more = this.#target.write(chunk, () => {
      this.#unwritten--;
      if (this.#unwritten === 0) this.#tell();
    });
    if (!more) this.#source.pause();
  };

  readonly #onDrain = (): void => {
    this.#source.resume();
  };

  readonly #stop = (): void => {
    this.#stopped = true;
    // What the process still writes has nowhere to go, and must not block it.
    this.#source.resume();
    this.#tell();
  };

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
