import type { ContainerProcess, TerminalSize } from 'containerv-api';

/** Whether both ends of this program are a terminal, as for somebody who types. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

export function terminalSize(): TerminalSize {
  return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
}

/**
 * Joins this program's terminal to that of a process, keys, size and all. The process has a terminal of its own, never
 * this one, into which it could type commands (TIOCSTI).
 */
export function attachTerminal(child: ContainerProcess): Disposable {
  const { stdin, stdout } = process;
  const resize = (): void => {
    // A process that has just ended has no size to set.
    child.resize(terminalSize()).catch(() => {});
  };
  stdin.setRawMode(true);
  if (child.stdin !== null) stdin.pipe(child.stdin);
  child.stdout?.pipe(stdout);
  stdout.on('resize', resize);
  return {
    [Symbol.dispose]() {
      stdout.off('resize', resize);
      stdin.unpipe();
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
