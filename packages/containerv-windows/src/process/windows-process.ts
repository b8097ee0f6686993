import { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import {
  checkTerminalSize,
  type ContainerProcess,
  ContainervError,
  type ExitStatus,
  type KillOptions,
  type ProcessEvents,
  type Signal,
  signalNumber,
  type TerminalSize,
} from 'containerv-api';
import { resizeRequest } from '../documents/requests.js';
import type { RunningProcess } from './running-process.js';

type ProcessEventMap = { [Name in keyof ProcessEvents]: ProcessEvents[Name] };

/** A process with streams. */
export class WindowsProcess extends EventEmitter<ProcessEventMap> implements ContainerProcess {
  readonly stdio: readonly (Readable | Writable | null)[];
  readonly #process: RunningProcess;
  readonly #terminal: boolean;
  readonly #status: Promise<ExitStatus>;

  constructor(process: RunningProcess, terminal: boolean) {
    super();
    this.#process = process;
    this.#terminal = terminal;
    this.stdio = process.streams.visible;
    this.#status = this.#follow();
  }

  get pid(): number {
    return this.#process.pid;
  }

  get stdin(): Writable | null {
    return this.#process.streams.visible[0];
  }

  get stdout(): Readable | null {
    return this.#process.streams.visible[1];
  }

  get stderr(): Readable | null {
    return this.#process.streams.visible[2];
  }

  async kill(signal: Signal = 'SIGTERM', options: KillOptions = {}): Promise<void> {
    if (options.group === true) {
      throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'Windows has no process groups', {
        step: 'signal process',
      });
    }
    await this.#process.kill(signalNumber(signal));
  }

  async resize(size: TerminalSize): Promise<void> {
    const checked = checkTerminalSize(size);
    if (!this.#terminal) {
      throw new ContainervError('ERR_CONTAINERV_STATE', 'The process has no terminal', {
        hint: 'Start it with `tty: true`.',
      });
    }
    await this.#process.modify(resizeRequest(checked));
  }

  async wait(): Promise<ExitStatus> {
    return this.#status;
  }

  async #follow(): Promise<ExitStatus> {
    const status = await this.#process.exited;
    this.emit('exit', status.exitCode, status.signal);
    await this.#process.streams.drained();
    this.emit('close', status.exitCode, status.signal);
    return status;
  }
}
