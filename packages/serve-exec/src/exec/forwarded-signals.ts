/** What a terminal sends, it sends to a whole process group; so it arrives at the command's whole group. */
const FROM_TERMINAL = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGCONT', 'SIGWINCH'] as const;
const TO_ONE = ['SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;

export type ForwardedSignal = (typeof FROM_TERMINAL)[number] | (typeof TO_ONE)[number];

const HARMLESS: ReadonlySet<ForwardedSignal> = new Set(['SIGCONT', 'SIGWINCH', 'SIGTSTP']);

export function reachesGroup(signal: ForwardedSignal): boolean {
  return (FROM_TERMINAL as readonly string[]).includes(signal);
}

/** Catches the signals that are the command's. While it is in force none of them ends or stops this program. */
export class ForwardedSignals implements Disposable {
  /** The first that came before there was a {@link receiver} and asks to end. */
  first: ForwardedSignal | undefined;
  receiver: ((signal: ForwardedSignal) => void) | undefined;
  readonly #listeners = new Map<ForwardedSignal, () => void>();

  constructor() {
    for (const signal of [...FROM_TERMINAL, ...TO_ONE]) this.listen(signal);
  }

  listen(signal: ForwardedSignal): void {
    if (this.#listeners.has(signal)) return;
    const listener = (): void => {
      if (this.receiver !== undefined) this.receiver(signal);
      else if (!HARMLESS.has(signal)) this.first ??= signal;
    };
    this.#listeners.set(signal, listener);
    process.on(signal, listener);
  }

  /** From here on the signal does to this program what it does by default. */
  ignore(signal: ForwardedSignal): void {
    const listener = this.#listeners.get(signal);
    if (listener !== undefined) process.off(signal, listener);
    this.#listeners.delete(signal);
  }

  [Symbol.dispose](): void {
    for (const signal of this.#listeners.keys()) this.ignore(signal);
  }
}
