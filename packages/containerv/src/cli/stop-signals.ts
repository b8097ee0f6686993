import type { Surroundings } from './command.js';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

export type StopSignal = (typeof FORWARDED)[number];

/**
 * Catches the signals that ask this program to end and gives them to `receiver`, which may be exchanged as the work
 * goes on. While it is in force none of them ends the program, so that what was made is also removed.
 */
export class StopSignals implements Disposable {
  receiver: (signal: StopSignal) => void;
  /** The first one that came. */
  first: StopSignal | undefined;
  readonly #source: Surroundings['signals'];
  readonly #listeners: ReadonlyMap<StopSignal, () => void>;

  constructor(source: Surroundings['signals'], receiver: (signal: StopSignal) => void) {
    this.receiver = receiver;
    this.#source = source;
    this.#listeners = new Map(FORWARDED.map((signal) => [signal, () => this.#receive(signal)]));
    for (const [signal, listener] of this.#listeners) source.on(signal, listener);
  }

  #receive(signal: StopSignal): void {
    this.first ??= signal;
    this.receiver(signal);
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) this.#source.off(signal, listener);
  }
}
