import type { Readable, Writable } from 'node:stream';
import type { ContainerStats, WatchStatsOptions } from './container-stats.js';
import type { ContainervError } from './errors.js';
import type { Duration } from './duration.js';
import type { Enforced } from './enforced.js';
import type { Limits } from './options/limits.js';
import type { ProcessInfo } from './process-info.js';
import type { Layer } from './options/root.js';
import type { ExitStatus } from './process/exit-status.js';
import type { LogOptions } from './process/log-options.js';
import type { RunOptions, RunOutput, RunResult } from './process/run-options.js';
import type { SpawnOptions, TerminalSize } from './process/spawn-options.js';
import type { Signal } from './signals.js';
import type { Download, TransferOptions, TransferReport, Upload } from './transfer/transfer.js';

/** `'stopped'`: nothing runs any more, its directories are still there. `'destroyed'`: nothing is left. */
export type ContainerState = 'created' | 'running' | 'paused' | 'stopped' | 'destroyed';

/** A live container. Every method rejects with `ERR_CONTAINERV_STATE` once it is destroyed, except `destroy`. */
export interface Container extends AsyncDisposable {
  readonly id: string;
  readonly state: ContainerState;
  /** What runs inside. */
  readonly guest: 'linux' | 'windows';
  /** What is really in force, read back from the kernel. */
  readonly enforced: Enforced;

  /**
   * Starts a process.
   * @throws ContainervError `ERR_CONTAINERV_SPAWN` with `errno` when the command cannot be started,
   * `ERR_CONTAINERV_NOT_FOUND` when `cwd` or `user` does not exist, `ERR_CONTAINERV_STATE`.
   */
  spawn(command: string, args?: readonly string[], options?: SpawnOptions): Promise<ContainerProcess>;
  /**
   * Starts a process, waits for its end and collects what it wrote.
   * @throws RunError `ERR_CONTAINERV_RUN`, `_TIMEOUT` or `_ABORTED` unless `reject` is `false`; as `spawn`.
   */
  run<const Options extends RunOptions = RunOptions>(
    command: string,
    args?: readonly string[],
    options?: Options,
  ): Promise<RunResult<RunOutput<Options>>>;
  /**
   * What a process that was started with `log` has written to stdout and stderr, in order, from the oldest byte that is
   * kept on; also from another program, and after its end for as long as the container runs. Errors come on the stream:
   * `ERR_CONTAINERV_NOT_FOUND` when there is no such log.
   */
  logs(options?: LogOptions): Readable;
  /** Sends a signal to a process by its id inside the container. @defaultValue signal 'SIGTERM' */
  kill(pid: number, signal?: Signal): Promise<void>;
  /**
   * What the container changed in its root, by path. Directories only when their mode or owners changed or when they
   * replace what was there.
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` unless writes go to an overlay; `ERR_CONTAINERV_STATE` when they
   * went to memory and the container has stopped.
   */
  changes(): Promise<Change[]>;
  /**
   * Copies what the container changed to a directory that is not there yet: a layer for other containers, above those
   * that this one has. The directory appears when it is complete. A container that runs is paused meanwhile; where it
   * cannot be, what processes write at that time may be in it in part.
   * @throws ContainervError `ERR_CONTAINERV_EXISTS`; `ERR_CONTAINERV_UNSUPPORTED` and `ERR_CONTAINERV_STATE` as
   * `changes`.
   * @example
   * const tools = await container.snapshot('/var/lib/layers/tools');
   * const other = await createContainer({ layers: [tools] });
   */
  snapshot(target: string): Promise<Layer>;
  /** What runs in it, init first. @throws ContainervError `ERR_CONTAINERV_STATE` unless it runs or is paused. */
  processes(): Promise<ProcessInfo[]>;
  /** What it uses. @throws ContainervError `ERR_CONTAINERV_STATE` unless it runs or is paused. */
  stats(): Promise<ContainerStats>;
  /** {@link stats} again and again; ends when the container does, or when `signal` says so. */
  watchStats(options?: WatchStatsOptions): AsyncIterableIterator<ContainerStats>;
  /**
   * Changes limits of a container that lives; those that are left out stay. All of them or none.
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when one cannot be enforced.
   */
  update(limits: Limits): Promise<void>;
  /**
   * Has every process stand still. Meanwhile `spawn` and `run` reject with `ERR_CONTAINERV_STATE`; signals, those of
   * timeouts included, take effect on `resume`; `stop` resumes once it has sent its signal; `destroy` works as ever.
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` where this user has no freezer.
   */
  pause(): Promise<void>;
  /** Lets the processes go on. */
  resume(): Promise<void>;
  /**
   * Copies files, directories, links, or the content of a stream or a buffer into the running container: modes, times,
   * holes, `user.` attributes, and owners as {@link TransferOptions.preserveOwner} says. Nothing inside can lead a copy
   * elsewhere.
   * @throws TransferError when anything could not be copied, with the report of all the rest; its code is that of the
   * first failure, or `ERR_CONTAINERV_ABORTED`.
   * @example await container.upload([{ from: './src', to: '/srv/src' }, { from: Buffer.from('hi'), to: '/srv/hi' }]);
   */
  upload(files: readonly Upload[], options?: TransferOptions): Promise<TransferReport>;
  /**
   * Copies out of the running container, which may be hostile: set-id bits are dropped, devices, pipes and sockets are
   * refused, links are copied and never followed, and nothing is written but below each `to`.
   * @throws TransferError as `upload`.
   */
  download(files: readonly Download[], options?: TransferOptions): Promise<TransferReport>;
  /** Starts a stopped container again, with its files as they were and no process but its init. */
  start(): Promise<void>;
  /** Ends every process: SIGTERM, and SIGKILL once `timeout` has passed. Files stay. */
  stop(options?: StopOptions): Promise<void>;
  /** Ends every process at once and removes everything. Safe to call twice. */
  destroy(): Promise<void>;
  /** = `destroy` */
  [Symbol.asyncDispose](): Promise<void>;

  on<Name extends keyof ContainerEvents>(
    event: Name,
    listener: (...args: ContainerEvents[Name]) => void,
  ): this;
  once<Name extends keyof ContainerEvents>(
    event: Name,
    listener: (...args: ContainerEvents[Name]) => void,
  ): this;
  off<Name extends keyof ContainerEvents>(
    event: Name,
    listener: (...args: ContainerEvents[Name]) => void,
  ): this;
}

/** One path that is not as the container was given it. */
export interface Change {
  /** In the container, absolute. */
  readonly path: string;
  readonly kind: 'added' | 'modified' | 'deleted';
}

export interface StopOptions {
  /** How long processes may take to end by themselves. @defaultValue '10s' */
  readonly timeout?: Duration | undefined;
}

export interface ContainerEvents {
  /** The container stopped running. */
  exit: [exit: ContainerExit];
  /** The kernel killed for memory. */
  oom: [];
  /** Something asked for is not in force, or was ignored. Nothing that a policy or an explicit limit asks for. */
  warning: [warning: ContainervError];
  state: [state: ContainerState];
}

/** Why a container stopped running; `'crashed'`: its init went away by itself. */
export interface ContainerExit {
  readonly reason: 'stopped' | 'destroyed' | 'crashed';
}

/** A process in a container, as `ChildProcess` is one on the host. */
export interface ContainerProcess {
  /** Its id inside the container. */
  readonly pid: number;
  /** `null` unless it is a pipe or a terminal. */
  readonly stdin: Writable | null;
  /** `null` unless it is a pipe or a terminal. */
  readonly stdout: Readable | null;
  /** `null` unless it is a pipe. */
  readonly stderr: Readable | null;
  /** Streams by descriptor number; `null` where there is no pipe. */
  readonly stdio: readonly (Readable | Writable | null)[];
  /** @defaultValue signal 'SIGTERM' */
  kill(signal?: Signal, options?: KillOptions): Promise<void>;
  /** Sets the size of its terminal. @throws ContainervError `ERR_CONTAINERV_STATE` when it has none. */
  resize(size: TerminalSize): Promise<void>;
  /** Resolves once it has ended and all of its output has been read. */
  wait(): Promise<ExitStatus>;

  on<Name extends keyof ProcessEvents>(event: Name, listener: (...args: ProcessEvents[Name]) => void): this;
  once<Name extends keyof ProcessEvents>(event: Name, listener: (...args: ProcessEvents[Name]) => void): this;
  off<Name extends keyof ProcessEvents>(event: Name, listener: (...args: ProcessEvents[Name]) => void): this;
}

export interface KillOptions {
  /** Whether the signal goes to its whole process group, as Ctrl-C does. @defaultValue false */
  readonly group?: boolean | undefined;
}

export interface ProcessEvents {
  /** It has ended; its streams may still hold data. */
  exit: [exitCode: number | null, signal: string | null];
  /** It has ended and its streams are at their end. */
  close: [exitCode: number | null, signal: string | null];
  /** With `jobControl`: a signal stopped it. */
  stop: [signal: string];
}
