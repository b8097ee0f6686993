import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import {
  type Change,
  checkText,
  type Container,
  type ContainerEvents,
  type ContainerProcess,
  ContainervError,
  type ContainerState,
  type ContainerStats,
  type Download,
  type Enforced,
  isContainervError,
  type Layer,
  type Limits,
  type LogOptions,
  parseDuration,
  type ProcessInfo,
  type ProcessSpec,
  resolveDownload,
  resolveLimitChanges,
  resolveLogOptions,
  resolveRunOptions,
  resolveSpawnOptions,
  resolveUpload,
  resolveWatchStatsOptions,
  type RunOptions,
  type RunOutput,
  type RunResult,
  type Signal,
  signalNumber,
  type SpawnOptions,
  type StopOptions,
  type TransferOptions,
  type TransferReport,
  type Upload,
  watchStats,
  type WatchStatsOptions,
} from 'containerv-api';
import { buildProcessParameters } from './documents/build-process-parameters.js';
import { signalRequest } from './documents/requests.js';
import type { HcsSystem } from './hcs/hcs-api.js';
import type { LiveContainer } from './live-container.js';
import { runProcess } from './process/run.js';
import { RunningProcess } from './process/running-process.js';
import { WindowsProcess } from './process/windows-process.js';
import { listChanges, takeSnapshot } from './snapshot/take-snapshot.js';
import { refuseUnsupportedProcess } from './supported.js';
import { download } from './transfer/download.js';
import { transferShell } from './transfer/transfer-shell.js';
import { upload } from './transfer/upload.js';
import { updateLimits } from './update-limits.js';
import { Vitals } from './vitals.js';

const STOP_GRACE_MS = 10_000;
const SIGKILL = 9;

/** A container, of this program's own making or joined: what its user sees of a {@link LiveContainer}. */
export class WindowsContainer extends EventEmitter<ContainerEvents> implements Container {
  readonly id: string;
  readonly guest: 'linux' | 'windows';
  readonly #live: LiveContainer;
  readonly #vitals = new Vitals();
  /** Pauses and resumptions, one after the other. */
  #pausing: Promise<unknown> = Promise.resolve();

  constructor(live: LiveContainer) {
    super();
    this.#live = live;
    this.id = live.spec.id;
    this.guest = live.guest.os;
    live.onState = (state) => {
      if (state === 'running') this.#vitals.reset();
      this.emit('state', state);
    };
    live.onExit = (reason) => this.emit('exit', { reason });
  }

  get state(): ContainerState {
    return this.#live.state;
  }

  get enforced(): Enforced {
    return this.#live.enforced;
  }

  async spawn(
    command: string,
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): Promise<ContainerProcess> {
    const spec = resolveSpawnOptions(command, args, options, this.#live.spec);
    const { system, parameters } = this.#prepare('spawn', spec);
    const { logs } = this.#live;
    const { logBytes } = spec;
    if (logBytes !== undefined) await logs.prepare();
    const openLog = logBytes === undefined ? undefined : async (pid: number) => logs.open(pid, logBytes);
    const process = await RunningProcess.start(system, parameters, spec, this.guest, openLog);
    this.#live.adopt(process);
    return new WindowsProcess(process, spec.tty !== undefined);
  }

  async run<const Options extends RunOptions = RunOptions>(
    command: string,
    args: readonly string[] = [],
    options?: Options,
  ): Promise<RunResult<RunOutput<Options>>> {
    const spec = resolveRunOptions(command, args, options, this.#live.spec);
    const { system, parameters } = this.#prepare('run', spec);
    const result = await runProcess(system, parameters, spec, this.guest, (process) =>
      this.#live.adopt(process),
    );
    return result as RunResult<RunOutput<Options>>;
  }

  async kill(pid: number, signal: Signal = 'SIGTERM'): Promise<void> {
    const number = signalNumber(signal);
    if (!Number.isSafeInteger(pid) || pid < 1 || pid > 2 ** 32 - 1) {
      throw new ContainervError(
        'ERR_CONTAINERV_INVALID_OPTION',
        `Expected \`pid\` to be a process of the container, got \`${pid}\``,
        { hint: 'Use stop() or destroy() for the whole container.' },
      );
    }
    // Refused before anything is looked for, as a signal that Windows does not have.
    const request = number === 0 || number === SIGKILL ? undefined : signalRequest(number, this.guest);
    const system = this.#live.alive('kill');
    const own = this.#live.process(pid);
    if (own !== undefined) {
      await own.kill(number);
      return;
    }
    try {
      const process = await system.openProcess(pid);
      try {
        if (request !== undefined) await process.signal(request);
        else if (number === SIGKILL) await process.terminate();
      } finally {
        await process.close();
      }
    } catch (error) {
      if (!isContainervError(error) || error.code !== 'ERR_CONTAINERV_NOT_FOUND') throw error;
      throw new ContainervError(
        'ERR_CONTAINERV_NOT_FOUND',
        `There is no process ${pid} in container '${this.id}'`,
        { step: 'signal process', errno: 'ESRCH', cause: error },
      );
    }
  }

  logs(options?: LogOptions): Readable {
    this.#live.alive('read the logs of');
    return this.#live.logs.read(resolveLogOptions(options));
  }

  async changes(): Promise<Change[]> {
    return this.#live.whileStopped('list changes of', listChanges);
  }

  async snapshot(target: string): Promise<Layer> {
    const place = checkText(target, 'target');
    return this.#live.whileStopped('take a snapshot of', async (input) => takeSnapshot(input, place));
  }

  async upload(files: readonly Upload[], options?: TransferOptions): Promise<TransferReport> {
    const spec = resolveUpload(files, options);
    return upload(transferShell(this.#live, 'upload'), this.#live.staging, spec);
  }

  async download(files: readonly Download[], options?: TransferOptions): Promise<TransferReport> {
    const spec = resolveDownload(files, options);
    return download(transferShell(this.#live, 'download'), this.#live.staging, spec);
  }

  async processes(): Promise<ProcessInfo[]> {
    return this.#vitals.processes(this.#live.alive('list processes of'));
  }

  async stats(): Promise<ContainerStats> {
    return this.#vitals.stats(this.#live.alive('read the figures of'), this.#live.endpointId);
  }

  watchStats(options?: WatchStatsOptions): AsyncGenerator<ContainerStats, void, undefined> {
    // Checked as it is called, not when the first figure is taken.
    const resolved = resolveWatchStatsOptions(options);
    return watchStats(async () => this.stats(), resolved);
  }

  async update(limits: Limits): Promise<void> {
    const changes = resolveLimitChanges(limits);
    const system = this.#live.alive('update');
    await this.#live.noteLimits(
      await updateLimits(system, this.#live.jobs, this.#live.guest, changes),
      changes,
    );
  }

  async pause(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.state !== 'paused') await this.#live.pause();
    });
  }

  async resume(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.state !== 'running') await this.#live.resume();
    });
  }

  async start(): Promise<void> {
    await this.#live.start();
  }

  async stop(options: StopOptions = {}): Promise<void> {
    await this.#live.stop(parseDuration(options.timeout ?? STOP_GRACE_MS, 'timeout'));
  }

  async destroy(): Promise<void> {
    await this.#live.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }

  /** Tells listeners of something that was asked for and is not so. */
  warn(warning: ContainervError): void {
    this.emit('warning', warning);
  }

  #prepare(
    call: string,
    spec: ProcessSpec,
  ): { readonly system: HcsSystem; readonly parameters: ReturnType<typeof buildProcessParameters> } {
    const container = this.#live.spec;
    if (spec.detached && !container.detached) {
      throw new ContainervError(
        'ERR_CONTAINERV_INVALID_OPTION',
        '`detached` processes need a detached container',
        { hint: 'Create the container with `detached: true`.' },
      );
    }
    refuseUnsupportedProcess(spec, this.#live.guest, container.network.mode !== 'none');
    const parameters = buildProcessParameters(container, spec);
    return { system: this.#live.running(call), parameters };
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#pausing.then(work);
    this.#pausing = turn.catch(() => {});
    return turn;
  }
}
