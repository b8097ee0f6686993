import { isatty } from 'node:tty';
import type { ContainerProcess, TerminalSize } from 'containerv-api';
import { isInForeground } from './foreground.js';

/**
 * Whether the command is to have a terminal: when somebody types here and reads here. In a pipeline the terminal
 * belongs to its other commands too, which would miss the keys that we take.
 */
export function wantsTerminal(): boolean {
  // Not process.stdin: asking it would take the descriptor into use.
  return isatty(0) && isatty(1);
}

export function terminalSize(): TerminalSize {
  const [columns, rows] = process.stdout.getWindowSize();
  // A terminal that was never told its size says 0.
  return { columns: columns || 80, rows: rows || 24 };
}

/**
 * Joins this program's terminal to the command's own, keys, size and all. The command never has this one, into which it
 * could type (TIOCSTI) and at which it could listen when it has ended.
 */
export class AttachedTerminal implements Disposable {
  readonly #command: ContainerProcess;
  readonly #onResize = (): void => this.#resize();
  #raw = false;

  constructor(command: ContainerProcess) {
    this.#command = command;
    command.stdout?.pipe(process.stdout, { end: false });
    process.stdout.on('resize', this.#onResize);
    this.resume();
  }

  /** Takes the keys, unless another job of the shell has the terminal. */
  resume(): void {
    if (this.#raw || !isInForeground()) return;
    this.#raw = true;
    process.stdin.setRawMode(true);
    if (this.#command.stdin !== null) process.stdin.pipe(this.#command.stdin);
    process.stdin.resume();
    this.#resize();
  }

  /** Gives the terminal back as it was. */
  suspend(): void {
    if (!this.#raw) return;
    this.#raw = false;
    process.stdin.unpipe();
    process.stdin.pause();
    process.stdin.setRawMode(false);
  }

  [Symbol.dispose](): void {
    process.stdout.off('resize', this.#onResize);
    this.suspend();
  }

  #resize(): void {
    // A command that has just ended has no size to set.
    this.#command.resize(terminalSize()).catch(() => {});
  }
}
