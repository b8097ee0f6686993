import type { Arch } from '../arch.js';
import type { Answer } from '../seccomp/answer.js';

/** What an observer saw of a program and its descendants. */
export interface Observations {
  readonly arch: Arch;
  readonly calls: readonly ObservedCall[];
  readonly files: readonly ObservedFile[];
  /** Whether it made other processes: those calls are not among `calls`, because they are not handed over. */
  readonly processes: boolean;
  readonly threads: boolean;
  /** Syscalls of which there were more kinds than were kept. */
  readonly truncatedCalls: readonly number[];
  readonly truncatedFiles: boolean;
}

/** Calls that the plan does not tell apart are one. */
export interface ObservedCall {
  readonly number: number;
  /** The policy's, as it was given to the program. */
  readonly answer: Answer;
  /** Six, each reduced to the bits that the plan asked for; 1 for "not 0" where it asked for no more. */
  readonly args: readonly bigint[];
  /** How often. */
  readonly count: number;
}

export interface ObservedFile {
  readonly syscall: string;
  /** Of open and its like. */
  readonly flags: number;
  /** `nothing`: the path is the directory in which nothing has that name. */
  readonly found: 'file' | 'directory' | 'nothing';
  /** As the container sees it, without symbolic links. */
  readonly path: string;
  readonly count: number;
}
