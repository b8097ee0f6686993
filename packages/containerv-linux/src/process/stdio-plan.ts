import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { ContainervError, type ProcessSpec, type ResolvedStdioEntry } from 'containerv-api';
import type { Native } from '../native.js';

/** The descriptors of a process to be, and our ends of its pipes. */
export interface StdioPlan {
  /** What the process gets, by descriptor number. */
  readonly childFds: readonly number[];
  /** Our ends of the pipes by descriptor number, the taker's to close from then on. */
  takePipes(): ReadonlyMap<number, Pipe>;
  /** Once the process has its own: closes those that only it was to have. */
  closeChildEnds(): void;
  /** When there will be no process: closes everything. */
  closeAll(): void;
}

export interface Pipe {
  readonly fd: number;
  /** Which way data goes, seen from us. */
  readonly direction: 'read' | 'write';
  /** A caller's stream that the pipe stands in for. */
  readonly stream: Readable | Writable | undefined;
}

/** What is passed to a process: with a terminal nothing but a stderr that is kept apart. */
export function passedStdio({ tty, stdio, stderrApart }: ProcessSpec): readonly ResolvedStdioEntry[] {
  if (tty === undefined) return stdio;
  return stderrApart === undefined ? [] : [{ kind: 'fd', fd: stderrApart }];
}

/** Descriptor 0 is written by us, 1 and 2 are read, as are pipes above them, which carry what the process writes. */
export function planStdio(native: Native, entries: readonly ResolvedStdioEntry[]): StdioPlan {
  const childFds: number[] = [];
  const pipes = new Map<number, Pipe>();
  const toClose: (() => void)[] = [];
  const closeChildEnds = (): void => {
    for (const close of toClose.splice(0)) close();
  };
  const plan: StdioPlan = {
    childFds,
    takePipes() {
      const taken = new Map(pipes);
      pipes.clear();
      return taken;
    },
    closeChildEnds,
    closeAll() {
      closeChildEnds();
      for (const { fd } of pipes.values()) native.close(fd);
      pipes.clear();
    },
  };
  try {
    for (const [number, entry] of entries.entries()) {
      if (entry.kind === 'fd') {
        checkOpen(entry.fd, number);
        childFds.push(entry.fd);
      } else if (entry.kind === 'ignore') {
        const fd = openSync('/dev/null', 'r+');
        toClose.push(() => closeSync(fd));
        childFds.push(fd);
      } else {
        const [readEnd, writeEnd] = native.createPipe();
        const stream = entry.kind === 'stream' ? entry.stream : undefined;
        const written = number === 0;
        const theirs = written ? readEnd : writeEnd;
        toClose.push(() => native.close(theirs));
        pipes.set(number, {
          fd: written ? writeEnd : readEnd,
          direction: written ? 'write' : 'read',
          stream,
        });
        childFds.push(theirs);
      }
    }
  } catch (error) {
    plan.closeAll();
    throw error;
  }
  return plan;
}

function checkOpen(fd: number, number: number): void {
  try {
    fstatSync(fd);
  } catch (cause) {
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_OPTION',
      `\`stdio[${number}]\` is descriptor ${fd}, which is not open`,
      {
        step: 'pass stdio',
        errno: 'EBADF',
        hint: 'It may have been closed already; a stream has to be open when the process starts.',
        cause,
      },
    );
  }
}
