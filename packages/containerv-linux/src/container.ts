import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import {
  type Change,
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
  type LimitName,
  type Limits,
  type LogOptions,
  type ProcessDefaults,
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
import type { JudgedFiles } from './bpf-lsm/judged-files.js';
import { updateLimits } from './cgroup/update-limits.js';
import { type Channel, InitRefusal, refusalError } from './channel.js';
import { confine } from './confine.js';
import { type Confinement, intersect, resolvePolicy } from './confinement.js';
import { freeze, type FreezeTarget, thaw } from './freeze.js';
import { missedSentence, unenforcedFileRules } from './landlock/requirement.js';
import { type ObservedSpawn, observedConfinement, withObserver } from './learn/observed-spawn.js';
import { listChanges } from './layers/changes.js';
import { takeSnapshot } from './layers/snapshot.js';
import type { WrittenLayer } from './layers/open-upper.js';
import type { WritableLayer } from './layers/writable-layer.js';
import type { Native } from './native.js';
import { refuseRulesOfProcess } from './network/refuse-rules.js';
import { InitProcess, type ProcessHost } from './process/init-process.js';
import { LinuxProcess } from './process/linux-process.js';
import { runProcess } from './process/run.js';
import { passedStdio, planStdio, type StdioPlan } from './process/stdio-plan.js';
import { MessageType } from './protocol.js';
import { LogStream, openLog } from './process-log.js';
import { Vitals, type VitalsSource } from './vitals.js';
import { refuseUnsupportedPolicy } from './supported.js';
import { systemError } from './system-error.js';
import { transfer } from './transfer/transfer.js';
import { WireWriter } from './wire.js';

const ESRCH = 3;

/** What is the same for the program that made a container and for those that join it: processes over a channel. */
export abstract class LinuxContainer extends EventEmitter<ContainerEvents> implements Container {
  readonly id: string;
  readonly guest = 'linux';
  protected readonly native: Native;
  protected readonly confinement: Confinement;
  protected readonly vitals: Vitals;
  readonly #defaults: ProcessDefaults;
  readonly #detached: boolean;
  #state: ContainerState = 'created';
  /** Pauses and resumptions, one after the other. */
  #pausing: Promise<unknown> = Promise.resolve();

  protected constructor(
    native: Native,
    source: VitalsSource,
    defaults: ProcessDefaults,
    confinement: Confinement,
    detached: boolean,
  ) {
    super();
    this.native = native;
    this.id = source.id;
    this.confinement = confinement;
    this.vitals = new Vitals(native, source, () => this.emit('oom'));
    (this as EventEmitter).on('newListener', (name: string) => {
      // Nothing is watched before somebody wants to know.
      if (name === 'oom' && this.channel() !== undefined) this.vitals.oom.listen();
    });
    this.#defaults = defaults;
    this.#detached = detached;
  }

  abstract readonly enforced: Enforced;
  abstract start(): Promise<void>;
  abstract stop(options?: StopOptions): Promise<void>;
  abstract destroy(): Promise<void>;
  /** `undefined` unless the container runs. */
  protected abstract channel(): Channel | undefined;
  /** Init's process id, of a container that runs. */
  protected abstract initPid(): Promise<number | null>;
  /** Limits were changed, and are held or not. */
  protected abstract onLimits(held: Partial<Record<LimitName, boolean>>): Promise<void>;
  /** `undefined`: no programs of ours judge its files. */
  protected judgedFiles(): JudgedFiles | undefined {
    return undefined;
  }
  /** `null`: what it writes is in no layer. */
  protected abstract readonly writableLayer: WritableLayer | null;
  protected abstract readonly stateDirectory: string;

  async changes(): Promise<Change[]> {
    return listChanges(this.native, this.#written('list changes'), this.stateDirectory);
  }

  async snapshot(target: string): Promise<Layer> {
    const written = this.#written('take a snapshot');
    let taken: Layer | undefined;
    await this.#inTurn(async () => {
      const thawed = await this.#standStill();
      try {
        taken = await takeSnapshot(this.native, written, target);
      } finally {
        await thawed();
      }
    });
    return taken as Layer;
  }

  /** So that what is copied is of one moment. Where there is no freezer, it need not be. */
  async #standStill(): Promise<() => Promise<void>> {
    if (this.#state !== 'running' || this.channel() === undefined) return async () => {};
    const frozen = await this.#freezeTarget(this.running('take a snapshot'), 'take a snapshot');
    try {
      await freeze(this.native, frozen);
    } catch (error) {
      if (isContainervError(error) && error.code === 'ERR_CONTAINERV_UNSUPPORTED') return async () => {};
      throw error;
    }
    this.enter('paused');
    return async () => {
      // It may have been ended meanwhile, and then there is nothing to let go.
      if (this.#state !== 'paused' || this.channel() === undefined) return;
      await thaw(this.native, frozen);
      this.enter('running');
    };
  }

  #written(call: string): WrittenLayer {
    if (this.#state === 'destroyed') throw stateError(this.id, this.#state, call);
    const layer = this.writableLayer;
    if (layer !== null) return { id: this.id, layer, channel: this.channel(), ids: this.enforced.ids };
    throw new ContainervError(
      'ERR_CONTAINERV_UNSUPPORTED',
      `Cannot ${call}: what container '${this.id}' writes is in no layer`,
      {
        step: call,
        hint: "Create it with `writable: 'overlay'`, the default.",
      },
    );
  }

  get state(): ContainerState {
    return this.#state;
  }

  protected enter(state: ContainerState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === 'running' && this.listenerCount('oom') > 0) this.vitals.oom.listen();
    if (state === 'stopped' || state === 'destroyed') this.vitals.close();
    this.emit('state', state);
  }

  async spawn(
    command: string,
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): Promise<ContainerProcess> {
    const spec = resolveSpawnOptions(command, args, options, this.#defaults);
    const host = this.#host('spawn', spec);
    const confinement = await this.#confinementFor(spec);
    if (spec.logBytes !== undefined) return this.#spawnLogged(host, spec, spec.logBytes, confinement);
    const plan = planStdio(this.native, passedStdio(spec));
    try {
      return new LinuxProcess(this.native, await InitProcess.start(host, spec, plan, confinement), plan);
    } catch (error) {
      plan.closeAll();
      throw error;
    }
  }

  /** What it writes goes to init, through a pipe of which nobody else keeps an end. */
  async #spawnLogged(
    host: ProcessHost,
    spec: ProcessSpec,
    bytes: number,
    confinement: Confinement | undefined,
  ): Promise<ContainerProcess> {
    const log = await openLog(this.native, host.channel, bytes);
    try {
      const output = { kind: 'fd', fd: log.fd } as const;
      const plan = planStdio(this.native, [{ kind: 'ignore' }, output, output]);
      try {
        const process = await InitProcess.start(host, spec, plan, confinement);
        log.name(process.pid);
        return new LinuxProcess(this.native, process, plan);
      } catch (error) {
        plan.closeAll();
        throw error;
      }
    } finally {
      this.native.close(log.fd);
    }
  }

  logs(options?: LogOptions): Readable {
    return new LogStream(this.running('read the logs of'), this.id, resolveLogOptions(options));
  }

  /** As `spawn`, with the system calls handed to an observer. The socket is closed in any case. @internal */
  async spawnObserved(
    command: string,
    args: readonly string[],
    options: SpawnOptions,
    observed: ObservedSpawn,
  ): Promise<ContainerProcess> {
    let plan: StdioPlan | undefined;
    try {
      const spec = resolveSpawnOptions(command, args, options, this.#defaults);
      const host = this.#host('spawn', spec);
      plan = withObserver(planStdio(this.native, spec.stdio), observed.socket, (fd) => this.native.close(fd));
      const confinement = observedConfinement(this.confinement, observed);
      const process = await InitProcess.start(host, spec, plan, confinement, observed.pass);
      return new LinuxProcess(this.native, process, plan);
    } catch (error) {
      if (plan === undefined) this.native.close(observed.socket);
      else plan.closeAll();
      throw error;
    }
  }

  async run<const Options extends RunOptions = RunOptions>(
    command: string,
    args: readonly string[] = [],
    options?: Options,
  ): Promise<RunResult<RunOutput<Options>>> {
    const spec = resolveRunOptions(command, args, options, this.#defaults);
    const host = this.#host('run', spec);
    const result = await runProcess(host, spec, await this.#confinementFor(spec));
    return result as RunResult<RunOutput<Options>>;
  }

  async kill(pid: number, signal: Signal = 'SIGTERM'): Promise<void> {
    const number = signalNumber(signal);
    if (!Number.isSafeInteger(pid) || pid < 2 || pid > 2 ** 22) {
      throw new ContainervError(
        'ERR_CONTAINERV_INVALID_OPTION',
        `Expected \`pid\` to be a process of the container, got \`${pid}\``,
        {
          hint: 'Process 1 is the init; use stop() or destroy() for the whole container.',
        },
      );
    }
    try {
      await this.alive('kill').call((request) =>
        new WireWriter(MessageType.Kill, request).u32(pid).u32(number).u32(0),
      );
    } catch (error) {
      if (!(error instanceof InitRefusal) || error.failure.errno !== ESRCH) throw refusalError(error);
      throw systemError(error.failure, {
        code: 'ERR_CONTAINERV_NOT_FOUND',
        what: `There is no process ${pid} in container '${this.id}'`,
      });
    }
  }

  async processes(): Promise<ProcessInfo[]> {
    this.alive('list processes of');
    return this.vitals.processes(await this.#init('list processes of'));
  }

  async stats(): Promise<ContainerStats> {
    this.alive('read the figures of');
    const stats = await this.vitals.stats(await this.initPid());
    const files = this.judgedFiles()?.counters();
    if (files === undefined) return stats;
    return { ...stats, fileAccessesAllowed: files.allowed, fileAccessesDenied: files.denied };
  }

  watchStats(options?: WatchStatsOptions): AsyncGenerator<ContainerStats, void, undefined> {
    // Checked as it is called, not when the first figure is taken.
    const resolved = resolveWatchStatsOptions(options);
    return watchStats(async () => this.stats(), resolved);
  }

  async update(limits: Limits): Promise<void> {
    const changes = resolveLimitChanges(limits);
    this.alive('update');
    await this.onLimits(await updateLimits(this.native, this.vitals.groups, changes));
  }

  async pause(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#state === 'paused') return;
      await freeze(this.native, await this.#freezeTarget(this.running('pause'), 'pause'));
      this.enter('paused');
    });
  }

  async resume(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#state === 'running') return;
      await thaw(this.native, await this.#freezeTarget(this.alive('resume'), 'resume'));
      this.enter('running');
    });
  }

  async upload(files: readonly Upload[], options?: TransferOptions): Promise<TransferReport> {
    const spec = resolveUpload(files, options);
    return transfer(this.native, this.running('upload'), 'upload', spec, this.#mapsMounts());
  }

  async download(files: readonly Download[], options?: TransferOptions): Promise<TransferReport> {
    const spec = resolveDownload(files, options);
    return transfer(this.native, this.running('download'), 'download', spec, this.#mapsMounts());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }

  /** Tells listeners of something that was asked for and is not so. */
  warn(what: string): void {
    this.emit('warning', new ContainervError('ERR_CONTAINERV_UNSUPPORTED', what));
  }

  /** A container that runs and is not paused. */
  protected running(call: string): Channel {
    const channel = this.alive(call);
    if (this.#state === 'running') return channel;
    throw stateError(this.id, this.#state, call);
  }

  /** A container that has processes, which may stand still. */
  protected alive(call: string): Channel {
    const channel = this.channel();
    const lives = this.#state === 'running' || this.#state === 'paused';
    if (channel !== undefined && lives) return channel;
    // Init is gone and has not been waited for yet.
    throw stateError(this.id, lives ? 'stopped' : this.#state, call);
  }

  /** Follows what other programs do to the container. */
  protected follow(channel: Channel): void {
    channel.onPaused = (paused) => {
      // What this object does itself is told when it is done.
      void this.#pausing.finally(() => {
        if (this.#state === (paused ? 'running' : 'paused')) this.enter(paused ? 'paused' : 'running');
      });
    };
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#pausing.then(work);
    this.#pausing = turn.catch(() => {});
    return turn;
  }

  async #init(call: string): Promise<number> {
    const init = await this.initPid();
    if (init === null) throw stateError(this.id, 'stopped', call);
    return init;
  }

  async #freezeTarget(channel: Channel, call: string): Promise<FreezeTarget> {
    return { id: this.id, channel, groups: this.vitals.groups, init: await this.#init(call) };
  }

  #mapsMounts(): boolean {
    return this.enforced.ids?.mappedMounts === true;
  }

  #host(call: string, spec: ProcessSpec): ProcessHost {
    if (spec.detached && !this.#detached) {
      throw new ContainervError(
        'ERR_CONTAINERV_INVALID_OPTION',
        '`detached` processes need a detached container',
        {
          hint: 'Create the container with `detached: true`.',
        },
      );
    }
    const channel = this.running(call);
    return {
      native: this.native,
      channel,
      takeOomKill: async () => this.vitals.oom.takeKill(),
      warn: (what) => this.warn(what),
    };
  }

  async #confinementFor(spec: ProcessSpec): Promise<Confinement | undefined> {
    if (spec.policy === undefined) return undefined;
    const policy = resolvePolicy(spec.policy);
    if (this.enforced.network !== 'host') refuseRulesOfProcess(policy);
    refuseUnsupportedPolicy(policy, this.enforced.network);
    const abi = this.native.landlockAbi();
    const judged = this.judgedFiles();
    const unenforced = unenforcedFileRules(policy, abi, judged !== undefined);
    if (unenforced !== undefined) this.warn(unenforced);
    const { network, namespaces } = this.enforced;
    const surroundings = {
      network,
      sharesProcesses: !namespaces.includes('pid'),
      landlockAbi: abi,
      ofProcess: true,
    };
    const confinement = intersect(this.confinement, confine(policy, surroundings));
    const rules = confinement.fileRules;
    if (judged === undefined || rules === undefined) return confinement;
    const init = await this.#init('start a process in');
    const own = await judged.ownPolicy(init, this.running('start a process in'), rules);
    // Landlock tells what it misses, which is the same.
    const missed = confinement.ruleset === undefined ? missedSentence(own.missed) : undefined;
    if (missed !== undefined) this.warn(missed);
    return { ...confinement, ownFilePolicy: own.number };
  }
}

export function stateError(id: string, state: ContainerState, call: string): ContainervError {
  const hint =
    state === 'stopped'
      ? 'Call start() first.'
      : state === 'paused'
        ? 'Call resume() first.'
        : state === 'destroyed'
          ? 'Create another container.'
          : undefined;
  return new ContainervError('ERR_CONTAINERV_STATE', `Cannot ${call}: container '${id}' is ${state}`, {
    hint,
  });
}
