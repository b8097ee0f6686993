import type { ChildProcess } from 'node:child_process';

/** Copies between this half's console and the other half, which has none. */
export class Relays implements Disposable {
  #raw = false;

  constructor({ stdin, stdout, stderr }: Pick<ChildProcess, 'stdin' | 'stdout' | 'stderr'>) {
    if (stdin !== null) {
      // Nobody is there to read it any more.
      stdin.on('error', () => {});
      process.stdin.pipe(stdin);
    }
    stdout?.pipe(process.stdout, { end: false });
    stderr?.pipe(process.stderr, { end: false });
  }

  /** Hands every key on, Ctrl-C as well. */
  takeKeys(): void {
    this.#raw = true;
    process.stdin.setRawMode(true);
  }

  /** Gives the console back as it was; on Windows nobody else does. */
  [Symbol.dispose](): void {
    if (this.#raw) process.stdin.setRawMode(false);
    this.#raw = false;
  }
}
