import type { ContainerOptions } from './container-options.js';
import type { PolicyName, SecurityPolicy } from './options/policy.js';
import type { ExitStatus } from './process/exit-status.js';
import type { SpawnOptions } from './process/spawn-options.js';

/** Something that a program tried under a policy and was denied. */
export interface Denial {
  readonly kind: 'syscall' | 'file';
  /** For people: `'socket(AF_INET, SOCK_STREAM, 0)'`, `'write /etc/hosts'`. */
  readonly what: string;
  /** What the program got: `'EPERM'`, `'ENOSYS'`, ..., or `'killed'`. */
  readonly answer: string;
  /** How often. */
  readonly count: number;
  /**
   * What would allow it, as policies have it in JSON: an entry of `syscalls.rules`, or of `files.added`. `undefined`
   * where no rule could, or should.
   */
  readonly rule?: object | undefined;
  /** Which base policies allow it, or why none does. */
  readonly note?: string | undefined;
}

/** How a program is run to be observed. */
export interface ObserveOptions {
  /** The container to make for it. `policy`, `detached` and `signal` are not among them. */
  readonly container?: Omit<ContainerOptions, 'policy' | 'detached' | 'signal'> | undefined;
  /** The process. It has no terminal of the container's; `stdio` is `'inherit'` unless said otherwise. */
  readonly process?: Omit<SpawnOptions, 'policy' | 'tty' | 'detached' | 'jobControl'> | undefined;
  /** Called with what `Container` emits as `'warning'`. */
  readonly onWarning?: ((summary: string) => void) | undefined;
  /** Called once the process runs, with what signals it. */
  readonly onStart?: ((kill: (signal: NodeJS.Signals) => void) => void) | undefined;
}

export interface LearnOptions extends ObserveOptions {
  /**
   * In force while learning, and the most that the result can allow.
   * @defaultValue `build` and `network` together
   */
  readonly within?: SecurityPolicy | PolicyName | undefined;
  /** What earlier runs taught: the result allows that too. */
  readonly into?: SecurityPolicy | undefined;
  /** A directory of the container that is allowed as a whole once something in it was used. @defaultValue `process.cwd` */
  readonly workspace?: string | undefined;
  /** Whether the result has rules for files. @defaultValue as `into`, or `true` */
  readonly files?: boolean | undefined;
  /** The result's. @defaultValue that of `into`, or `'learned'` */
  readonly name?: string | undefined;
}

export interface ObservedRun {
  /** How the program ended. */
  readonly status: ExitStatus;
  /** What it tried and was denied. */
  readonly denied: readonly Denial[];
}

export interface LearnReport<Learned extends SecurityPolicy = SecurityPolicy> extends ObservedRun {
  /** Applied by nobody: store it, read it, and give it to a container. */
  readonly policy: Learned;
  /** What a reviewer should look at, and what could not be written. */
  readonly warnings: readonly string[];
}
