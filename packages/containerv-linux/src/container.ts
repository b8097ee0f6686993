import { EventEmitter } from 'node:events';
import {
  type Container,
  type ContainerEvents,
  type ContainerProcess,
  ContainervError,
  type ContainerState,
  type Enforced,
  type ProcessDefaults,
  type ProcessSpec,
  resolveRunOptions,
  resolveSpawnOptions,
  type RunOptions,
  type RunOutput,
  type RunResult,
  type Signal,
  signalNumber,
  type SpawnOptions,
  type StopOptions,
} from 'containerv-api';
import { type Channel, InitRefusal, refusalError } from './channel.js';
import { confine } from './confine.js';
import { type Confinement, intersect, resolvePolicy } from './confinement.js';
import { unenforcedFileRules } from './landlock/requirement.js';
import { type ObservedSpawn, observedConfinement, withObserver } from './learn/observed-spawn.js';
import type { Native } from './native.js';
import { InitProcess, type ProcessHost } from './process/init-process.js';
import { LinuxProcess } from './process/linux-process.js';
import { runProcess } from './process/run.js';
import { passedStdio, planStdio, type StdioPlan } from './process/stdio-plan.js';
import { MessageType } from './protocol.js';
import { refuseUnsupportedPolicy } from './supported.js';
import { systemError } from './system-error.js';
import { WireWriter } from './wire.js';

const ESRCH = 3;

/** What is the same for the program that made a container and for those that join it: processes over a channel. */
export abstract class LinuxContainer extends EventEmitter<ContainerEvents> implements Container {
  readonly id: string;
  readonly guest = 'linux';
  protected readonly native: Native;
  protected readonly confinement: Confinement;
  readonly #defaults: ProcessDefaults;
  readonly #detached: boolean;
  #state: ContainerState = 'created';

  protected constructor(
    native: Native,
    id: string,
    defaults: ProcessDefaults,
    confinement: Confinement,
    detached: boolean,
  ) {
    super();
    this.native = native;
    this.id = id;
    this.confinement = confinement;
    this.#defaults = defaults;
    this.#detached = detached;
  }

  abstract readonly enforced: Enforced;
  abstract start(): Promise<void>;
  abstract stop(options?: StopOptions): Promise<void>;
  abstract destroy(): Promise<void>;
  /** `undefined` unless the container runs. */
  protected abstract channel(): Channel | undefined;
  protected abstract takeOomKill(): Promise<boolean>;

  get state(): ContainerState {
    return this.#state;
  }

  protected enter(state: ContainerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('state', state);
  }

  async spawn(
    command: string,
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): Promise<ContainerProcess> {
    const spec = resolveSpawnOptions(command, args, options, this.#defaults);
    const host = this.#host('spawn', spec);
    const confinement = this.#confinementFor(spec);
    const plan = planStdio(this.native, passedStdio(spec));
    try {
      return new LinuxProcess(this.native, await InitProcess.start(host, spec, plan, confinement), plan);
    } catch (error) {
      plan.closeAll();
      throw error;
    }
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
    const result = await runProcess(this.#host('run', spec), spec, this.#confinementFor(spec));
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
      await this.running('kill').call((request) =>
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }

  /** Tells listeners of something that was asked for and is not so. */
  warn(what: string): void {
    this.emit('warning', new ContainervError('ERR_CONTAINERV_UNSUPPORTED', what));
  }

  protected running(call: string): Channel {
    const channel = this.channel();
    if (channel !== undefined && this.#state === 'running') return channel;
    // Init is gone and has not been waited for yet.
    const state = channel === undefined && this.#state === 'running' ? 'stopped' : this.#state;
    throw stateError(this.id, state, call);
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
      takeOomKill: async () => this.takeOomKill(),
      warn: (what) => this.warn(what),
    };
  }

  #confinementFor(spec: ProcessSpec): Confinement | undefined {
    if (spec.policy === undefined) return undefined;
    const policy = resolvePolicy(spec.policy);
    refuseUnsupportedPolicy(policy, this.enforced.network);
    const abi = this.native.landlockAbi();
    const unenforced = unenforcedFileRules(policy, abi);
    if (unenforced !== undefined) this.warn(unenforced);
    const { network, namespaces } = this.enforced;
    const surroundings = { network, sharesProcesses: !namespaces.includes('pid'), landlockAbi: abi };
    return intersect(this.confinement, confine(policy, surroundings));
  }
}

export function stateError(id: string, state: ContainerState, call: string): ContainervError {
  const hint =
    state === 'stopped'
      ? 'Call start() first.'
      : state === 'destroyed'
        ? 'Create another container.'
        : undefined;
  return new ContainervError('ERR_CONTAINERV_STATE', `Cannot ${call}: container '${id}' is ${state}`, {
    hint,
  });
}
