import type { Writable } from 'node:stream';
import { type ExitStatus, KILL_GRACE_MS, type ProcessSpec, throwIfAborted } from 'containerv-api';
import type { JsonObject } from '../documents/json.js';
import { closeStdinRequest, signalRequest } from '../documents/requests.js';
import type { HcsProcess, HcsSystem } from '../hcs/hcs-api.js';
import { type Ending, exitStatus } from './exit-status.js';
import { streamOpener } from './native-stream.js';
import { spawnError } from './spawn-error.js';
import { refuseExtraStdio, StandardStreams } from './standard-streams.js';

const SIGKILL = 9;

/** A process of a container with its streams, its deadline and its abortion. */
export class RunningProcess {
  readonly streams: StandardStreams;
  /** How it ended; its streams may still hold data. Never rejects. */
  readonly exited: Promise<ExitStatus>;
  readonly #process: HcsProcess;
  readonly #os: 'windows' | 'linux';
  readonly #spec: ProcessSpec;
  #ending: Ending | undefined;
  #ended = false;
  #withContainer = false;
  #timers: NodeJS.Timeout[] = [];
  readonly #onAbort = (): void => this.#end('aborted');

  private constructor(
    process: HcsProcess,
    streams: StandardStreams,
    spec: ProcessSpec,
    os: 'windows' | 'linux',
  ) {
    this.#process = process;
    this.streams = streams;
    this.#spec = spec;
    this.#os = os;
    this.exited = process.exited.then(async (exit) => {
      this.#finish();
      await process.close();
      return exitStatus(exit, this.#ending);
    });
    // It is gone when the process is, or was never told: neither is an error of the writer.
    streams.onInputEnd(() => {
      process.modify(closeStdinRequest()).catch(() => {});
    });
    const { signal, timeoutMs } = spec;
    if (timeoutMs !== undefined) this.#timers.push(setTimeout(() => this.#end('timeout'), timeoutMs));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted === true) this.#onAbort();
  }

  /**
   * @param parameters of {@link buildProcessParameters}
   * @param openLog gives what its output goes to
   * @throws ContainervError `ERR_CONTAINERV_SPAWN` when the command cannot be started.
   */
  static async start(
    system: HcsSystem,
    parameters: JsonObject,
    spec: ProcessSpec,
    os: 'windows' | 'linux',
    openLog?: (pid: number) => Promise<Writable>,
  ): Promise<RunningProcess> {
    throwIfAborted(spec.signal, 'start process');
    refuseExtraStdio(spec);
    const open = await streamOpener();
    let process: HcsProcess;
    try {
      process = await system.createProcess(parameters);
    } catch (error) {
      throw spawnError(error, spec);
    }
    try {
      const log = await openLog?.(process.pid);
      const streams = new StandardStreams(process.takePipes(), spec, open, log);
      return new RunningProcess(process, streams, spec, os);
    } catch (error) {
      await process.terminate().catch(() => {});
      await process.close();
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** @param signal Linux number; 0 only asks, and asking what has ended is no error */
  async kill(signal: number, cause: Ending['cause'] = 'signal'): Promise<void> {
    if (this.#ended || signal === 0) return;
    const request = signal === SIGKILL ? undefined : signalRequest(signal, this.#os);
    this.#ending = { cause: this.#ending?.cause ?? cause, signal };
    if (request === undefined) await this.#process.terminate();
    else await this.#process.signal(request);
  }

  /** Its container is being ended: what ends it from now on is that. */
  noteContainerEnding(cause: 'signal' | 'destroyed', signal: number): void {
    if (this.#ended || (this.#ending !== undefined && !this.#withContainer)) return;
    this.#withContainer = true;
    this.#ending = { cause, signal };
  }

  /** Its container has ended. */
  endWithContainer(): void {
    if (this.#ended) return;
    if (this.#ending === undefined) this.noteContainerEnding('destroyed', SIGKILL);
    // Also has its end looked for, should nobody tell of it.
    this.#process.terminate().catch(() => {});
  }

  async modify(request: JsonObject): Promise<void> {
    if (!this.#ended) await this.#process.modify(request);
  }

  /** The signal asked for, and the end by force when that is refused or not enough. */
  #end(cause: 'timeout' | 'aborted'): void {
    if (this.#ended) return;
    const force = (): void => {
      this.kill(SIGKILL, cause).catch(() => {});
    };
    const { killSignal } = this.#spec;
    if (killSignal === SIGKILL) force();
    else {
      this.kill(killSignal, cause).catch(force);
      this.#timers.push(setTimeout(force, KILL_GRACE_MS));
    }
  }

  #finish(): void {
    this.#ended = true;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.#spec.signal?.removeEventListener('abort', this.#onAbort);
  }
}
