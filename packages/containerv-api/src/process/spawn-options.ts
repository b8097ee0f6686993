import type { ByteSize } from '../byte-size.js';
import type { Duration } from '../duration.js';
import type { Environment } from '../options/environment.js';
import type { PolicyName, SecurityPolicy } from '../options/policy.js';
import type { Rlimits } from '../options/rlimits.js';
import type { User } from '../options/user.js';
import type { Signal } from '../signals.js';
import type { Stdio } from './stdio.js';

/** How a process is started in a container. Every field is optional; an unknown field is an error. */
export interface SpawnOptions {
  /** Where it starts, absolute. @defaultValue the container's `cwd` */
  readonly cwd?: string | undefined;
  /** Variables over those of the container; `undefined` removes one. @defaultValue those of the container */
  readonly env?: Environment | undefined;
  /** @defaultValue the container's `user` */
  readonly user?: User | undefined;
  /** @defaultValue 'pipe' */
  readonly stdio?: Stdio | undefined;
  /**
   * Whether stdin, stdout and stderr are one terminal. `true` is 80 columns and 24 rows. A list `stdio` whose third
   * entry is a descriptor's number keeps stderr apart from it. @defaultValue false
   */
  readonly tty?: boolean | TerminalSize | undefined;
  /** A policy for this process; it can only narrow the container's. @defaultValue the container's */
  readonly policy?: SecurityPolicy | PolicyName | undefined;
  /** Resource limits over those of the container. */
  readonly rlimits?: Rlimits | undefined;
  /** Processors it starts on, as `'0-3,5'`. @defaultValue the container's `cpuAffinity` */
  readonly cpuAffinity?: string | undefined;
  /** After this long the process gets `killSignal`. 0 is never. @defaultValue 0 */
  readonly timeout?: Duration | undefined;
  /** When it fires, the process gets `killSignal`. */
  readonly signal?: AbortSignal | undefined;
  /** What ends the process at `timeout` and `signal`; SIGKILL follows 5 seconds later. @defaultValue 'SIGTERM' */
  readonly killSignal?: Signal | undefined;
  /**
   * Whether the process can be stopped and continued as a shell's job can: with a terminal, Ctrl-Z stops it, and a stop
   * is told by the event `'stop'`. `kill('SIGCONT', { group: true })` continues it. @defaultValue false
   */
  readonly jobControl?: boolean | undefined;
  /**
   * Keeps the newest of what it writes to stdout and stderr in the container, for `logs()` of any program; `true` is
   * 1 MiB, and 4 KiB to 64 MiB can be had. The process never waits for a reader. Excludes `stdio` and `tty`; stdin is
   * empty. A container keeps 64 logs. @defaultValue false
   */
  readonly log?: boolean | ByteSize | undefined;
  /** Whether it lives on when this program ends; in detached containers only. @defaultValue false */
  readonly detached?: boolean | undefined;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}
