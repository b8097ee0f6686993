import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ContainerExit,
  ContainervError,
  type ContainerState,
  type Enforced,
  type LimitName,
  type ResolvedLimits,
} from 'containerv-api';
import type { ContainerSpec } from 'containerv-api';
import { boot, type BootInput } from './boot.js';
import { type Guest, guestOf } from './documents/guest.js';
import { deadlines } from './hcs/deadlines.js';
import type { HcsSystem } from './hcs/hcs-api.js';
import { ContainerLogs } from './logs/container-logs.js';
import type { SiloJobs } from './native/silo-jobs.js';
import type { RunningProcess } from './process/running-process.js';
import { releaseRuntime, removeContainer } from './remove-container.js';
import type { Runtime } from './runtime.js';
import { type Claim, claimExisting, claimPatiently } from './state/claim.js';
import { type StateRecord, writeState } from './state/state-file.js';
import { stagingOf } from './storage/container-storage.js';
import type { SnapshotInput } from './snapshot/take-snapshot.js';
import { endsWithin } from './systems.js';

const SIGTERM = 15;
const SIGKILL = 9;
/** How long processes may take to be told of their container's end. */
const PROCESS_END_MS = 10_000;
/** How often a program that joined looks whether the one that a container must not outlive still lives. */
const OWNER_CHECK_MS = 1000;

export interface LiveInput {
  readonly boot: BootInput;
  readonly directory: string;
  readonly record: StateRecord;
  /** `undefined`: another program is responsible for it, or nobody. */
  readonly claim: Claim | undefined;
  /** `undefined`: it is stopped. */
  readonly runtime: Runtime | undefined;
  readonly paused: boolean;
}

/** The life of a container: what runs, who is responsible, and what has to happen when it ends, however it does. */
export class LiveContainer {
  readonly spec: ContainerSpec;
  readonly guest: Guest;
  /** Of its processes that were started with `log`. */
  readonly logs: ContainerLogs;
  onState: (state: ContainerState) => void = () => {};
  onExit: (reason: ContainerExit['reason']) => void = () => {};
  #boot: BootInput;
  readonly #directory: string;
  #record: StateRecord;
  #claim: Claim | undefined;
  #runtime: Runtime | undefined;
  #state: ContainerState = 'created';
  #enforced: Enforced;
  readonly #processes = new Set<RunningProcess>();
  #ending: ContainerExit['reason'] | undefined;
  /** Settles when everything that the last runtime had is taken down. */
  #ended: Promise<void> = Promise.resolve();
  /** A request to end that has not been answered: its answer may come after the end. */
  #asked: Promise<void> = Promise.resolve();
  #starting: Promise<void> | undefined;
  /** Settles when nobody works on its files any more. */
  #held: Promise<unknown> = Promise.resolve();
  #destroying = false;
  #destruction: Promise<void> | undefined;
  /** Something could not be taken down, and is tried again by the container's id. */
  #unclean = false;
  #ownerCheck: NodeJS.Timeout | undefined;

  constructor({ boot: input, directory, record, claim, runtime, paused }: LiveInput) {
    this.#boot = input;
    this.spec = input.spec;
    this.guest = guestOf(input.spec, input.facts.build);
    this.logs = new ContainerLogs(input.spec.id, input.dataDirectory);
    this.#directory = directory;
    this.#record = record;
    this.#claim = claim;
    this.#enforced = runtime?.enforced ?? record.enforced ?? nothingEnforced(input.spec, this.guest);
    if (runtime === undefined) this.#enter('stopped');
    else this.#adopt(runtime, paused ? 'paused' : 'running');
  }

  get state(): ContainerState {
    return this.#state;
  }

  get enforced(): Enforced {
    return this.#enforced;
  }

  /** On the host. */
  get staging(): string {
    return stagingOf(this.#boot.dataDirectory);
  }

  get jobs(): SiloJobs | undefined {
    return this.#boot.service.jobs;
  }

  get endpointId(): string | null {
    return this.#runtime?.endpointId ?? null;
  }

  /** A process of this program. */
  adopt(process: RunningProcess): void {
    this.#processes.add(process);
    if (this.#ending !== undefined || this.#runtime === undefined) process.endWithContainer();
    void process.exited.then(() => this.#processes.delete(process));
  }

  process(pid: number): RunningProcess | undefined {
    for (const process of this.#processes) if (process.pid === pid && !process.ended) return process;
    return undefined;
  }

  exists(call: string): void {
    if (this.#destroying || this.#state === 'destroyed') throw stateError(this.spec.id, 'destroyed', call);
  }

  /** A container that has processes, which may stand still. */
  alive(call: string): HcsSystem {
    this.exists(call);
    const lives = this.#state === 'running' || this.#state === 'paused';
    if (this.#runtime !== undefined && lives) return this.#runtime.system;
    throw stateError(this.spec.id, lives ? 'stopped' : this.#state, call);
  }

  /** A container that runs and is not paused. */
  running(call: string): HcsSystem {
    const system = this.alive(call);
    if (this.#state === 'running') return system;
    throw stateError(this.spec.id, this.#state, call);
  }

  async pause(): Promise<void> {
    this.running('pause');
    await this.#freezable('pause').pause();
    this.#enter('paused');
  }

  async resume(): Promise<void> {
    this.alive('resume');
    await this.#freezable('resume').resume();
    this.#enter('running');
  }

  async noteLimits(held: Partial<Record<LimitName, boolean>>, limits: ResolvedLimits): Promise<void> {
    this.#enforced = { ...this.#enforced, limits: { ...this.#enforced.limits, ...held } };
    const { memoryBytes, pids, explicit } = limits;
    const before = this.#record.spec.limits;
    const changed = {
      ...(explicit.memory ? { memoryBytes } : {}),
      ...(explicit.pids ? { pids } : {}),
      explicit: {
        ...before.explicit,
        memory: before.explicit.memory || explicit.memory,
        pids: before.explicit.pids || explicit.pids,
      },
    };
    const spec = { ...this.#record.spec, limits: { ...before, ...changed } };
    // It starts with them again.
    this.#boot = { ...this.#boot, spec };
    await this.#describe({ spec, enforced: this.#enforced });
  }

  async start(): Promise<void> {
    this.exists('start');
    if (this.#state === 'running' || this.#state === 'paused') return;
    if (this.#state !== 'stopped') throw stateError(this.spec.id, this.#state, 'start');
    this.#starting ??= this.#held
      .then(async () => this.#start())
      .finally(() => {
        this.#starting = undefined;
      });
    await this.#starting;
  }

  /** Work on the files of a container that is stopped, and stays so meanwhile. */
  async whileStopped<T>(call: string, work: (input: SnapshotInput) => Promise<T>): Promise<T> {
    this.exists(call);
    if (this.#state !== 'stopped') throw notStopped(this.spec.id, this.#state, call);
    const { service, dataDirectory, storage } = this.#boot;
    if (storage.kind !== 'windowsfilter') throw noLayers(call);
    const input = { id: this.spec.id, service, storage, dataDirectory };
    const begun = this.#held.then(async () => {
      this.exists(call);
      const taken = this.#claim === undefined;
      this.#claim ??= await this.#takeOver(call);
      try {
        return await work(input);
      } finally {
        if (taken) await this.#release();
      }
    });
    this.#held = begun.catch(() => {});
    return begun;
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#state === 'stopped' && !this.#destroying) return;
    const system = this.alive('stop');
    this.#ending ??= 'stopped';
    this.#note('signal', SIGTERM);
    // What stands still cannot hear that it is to end.
    if (this.#state === 'paused') await this.#freezable('resume').resume();
    let asked = true;
    try {
      await this.#ask(system.shutdown());
    } catch {
      asked = false;
    }
    if (!asked || !(await endsWithin(system, graceMs))) {
      this.#note('signal', SIGKILL);
      await this.#ask(system.terminate());
    }
    if (!(await endsWithin(system, deadlines().operationMs))) throw doesNotEnd(this.spec.id);
    await this.#ended;
  }

  async destroy(): Promise<void> {
    if (this.#state === 'destroyed') return;
    this.#destroying = true;
    this.#destruction ??= this.#destroy();
    await this.#destruction;
  }

  async #ask(work: Promise<void>): Promise<void> {
    this.#asked = work.catch(() => {});
    await work;
  }

  #note(cause: 'signal' | 'destroyed', signal: number): void {
    for (const process of this.#processes) process.noteContainerEnding(cause, signal);
  }

  async #start(): Promise<void> {
    const taken = this.#claim === undefined;
    this.#claim ??= await this.#takeOver('start');
    await this.#describe({ stopped: false });
    let runtime: Runtime;
    try {
      runtime = await boot(this.#boot);
    } catch (error) {
      await this.#describe({ stopped: true });
      if (taken) await this.#release();
      throw error;
    }
    this.#adopt(runtime, 'running');
    this.#enforced = runtime.enforced;
    await this.#describe({ enforced: runtime.enforced, endpointId: runtime.endpointId });
  }

  /** Of a container that can outlive who made it, once that program has ended. */
  async #takeOver(call: string): Promise<Claim> {
    const claim = await claimExisting(this.#directory);
    if (typeof claim !== 'string') return claim;
    throw new ContainervError(
      'ERR_CONTAINERV_STATE',
      claim === 'gone'
        ? `There is no container '${this.spec.id}' any more`
        : `Cannot ${call} container '${this.spec.id}': it is another program's`,
      { step: `${call} container` },
    );
  }

  #adopt(runtime: Runtime, state: 'running' | 'paused'): void {
    this.#runtime = runtime;
    this.#ending = undefined;
    this.#ended = runtime.exited.then(async () => this.#onEnd(runtime));
    this.#ended.catch(() => {});
    if (this.#claim === undefined && !this.spec.detached) this.#watchOwner();
    this.#enter(state);
  }

  /** Our handle would keep it from ending with its owner. */
  #watchOwner(): void {
    this.#ownerCheck = setInterval(() => {
      this.#endWithoutOwner().catch(() => {});
    }, OWNER_CHECK_MS).unref();
  }

  async #endWithoutOwner(): Promise<void> {
    const claim = await claimExisting(this.#directory);
    if (claim === 'held') return;
    if (this.#ownerCheck === undefined) {
      if (claim !== 'gone') await claim.release();
      return;
    }
    if (claim !== 'gone') this.#claim ??= claim;
    this.#stopWatching();
    await this.destroy();
  }

  #stopWatching(): void {
    clearInterval(this.#ownerCheck);
    this.#ownerCheck = undefined;
  }

  async #onEnd(runtime: Runtime): Promise<void> {
    this.#stopWatching();
    for (const process of this.#processes) process.endWithContainer();
    await this.#asked;
    await this.#processesEnd();
    this.#unclean = (await runtime.undo.run()).length > 0;
    this.#runtime = undefined;
    if (this.#destroying) return;
    await this.#leaveStopped();
    this.#enter('stopped');
    this.onExit(this.#ending ?? 'crashed');
  }

  /** For as long as anybody may start it again, nothing of it is in use. */
  async #leaveStopped(): Promise<void> {
    try {
      if (this.#claim !== undefined) {
        await this.#describe({ stopped: true });
        return;
      }
      // Nobody else does it when whoever made it has ended.
      const claim = await claimExisting(this.#directory);
      if (typeof claim === 'string') return;
      try {
        await releaseRuntime(this.#boot, this.#record, []);
        await writeState(this.#directory, { ...this.#record, stopped: true });
      } finally {
        await claim.release();
      }
    } catch {
      // It cannot be described; it can still be destroyed.
      this.#unclean = true;
    }
  }

  async #processesEnd(): Promise<void> {
    const given = new AbortController();
    const limit = sleep(PROCESS_END_MS, undefined, { signal: given.signal }).catch(() => {});
    await Promise.race([Promise.all([...this.#processes].map(async ({ exited }) => exited)), limit]);
    given.abort();
  }

  async #destroy(): Promise<void> {
    try {
      await this.#starting?.catch(() => {});
      await this.#held;
      this.#stopWatching();
      const ran = this.#runtime !== undefined;
      await this.#end();
      await this.#remove();
      this.#enter('destroyed');
      if (ran) this.onExit('destroyed');
    } catch (cause) {
      // A second destroy() tries again.
      this.#destruction = undefined;
      this.#destroying = false;
      if (this.#runtime === undefined) this.#enter('stopped');
      const what = `Container '${this.spec.id}' could not be removed completely`;
      const hint = 'Call destroy() again, or run: containerv prune';
      throw new ContainervError('ERR_CONTAINERV_HCS', what, { step: 'destroy container', hint, cause });
    }
  }

  async #end(): Promise<void> {
    const runtime = this.#runtime;
    if (runtime === undefined) return;
    this.#ending = 'destroyed';
    this.#note('destroyed', SIGKILL);
    const { system, machine } = runtime;
    await this.#ask(system.terminate());
    const ended = await endsWithin(runtime, deadlines().operationMs);
    if (!ended && machine !== undefined) await this.#ask(machine.terminate());
    if (!ended && !(await endsWithin(runtime, deadlines().operationMs))) throw doesNotEnd(this.spec.id);
    await this.#ended;
  }

  async #remove(): Promise<void> {
    const claim = this.#claim ?? (await claimPatiently(this.#directory, this.#record.ownerPid));
    // Its owner removes the rest in its turn.
    if (typeof claim === 'string') return;
    const kept = this.#claim;
    try {
      const record = { ...this.#record, stopped: !this.#unclean && kept !== undefined };
      await removeContainer(this.#boot, record, claim, []);
    } catch (error) {
      if (kept === undefined) await claim.release();
      throw error;
    }
  }

  async #release(): Promise<void> {
    await this.#claim?.release();
    this.#claim = undefined;
  }

  async #describe(changes: Partial<StateRecord>): Promise<void> {
    this.#record = { ...this.#record, ...changes };
    await writeState(this.#directory, this.#record);
  }

  /** Only a virtual machine can stand still. */
  #freezable(call: string): HcsSystem {
    const { isolation } = this.guest;
    const runtime = this.#runtime;
    if (isolation === 'hyperv' && runtime !== undefined) return runtime.machine ?? runtime.system;
    throw new ContainervError(
      'ERR_CONTAINERV_UNSUPPORTED',
      `Cannot ${call} container '${this.spec.id}': Windows pauses virtual machines only`,
      { step: `${call} container`, hint: "Create it with `windows: { isolation: 'hyperv' }`." },
    );
  }

  #enter(state: ContainerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.onState(state);
  }
}

function nothingEnforced({ network }: ContainerSpec, { isolation }: Guest): Enforced {
  return {
    seccomp: false,
    landlock: false,
    bpfLsm: false,
    socketBroker: false,
    noNewPrivileges: false,
    capabilities: [],
    namespaces: [],
    userNamespace: false,
    cgroup: false,
    limits: {},
    deviceFilter: false,
    network: network.mode,
    isolation,
  };
}

function notStopped(id: string, state: ContainerState, call: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_STATE', `Cannot ${call} container '${id}': it is ${state}`, {
    hint: 'Windows reads the layer of a stopped container only. Call stop() first.',
  });
}

function noLayers(call: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Cannot ${call} a Linux container on Windows: it writes to the host's directory itself`,
    { hint: 'Copy that directory.' },
  );
}

function doesNotEnd(id: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_TIMEOUT', `Container '${id}' does not end`, {
    step: 'terminate container',
    hint: 'Look at the service: Get-Service vmcompute',
  });
}

function stateError(id: string, state: ContainerState, call: string): ContainervError {
  const hints: Partial<Record<ContainerState, string>> = {
    stopped: 'Call start() first.',
    paused: 'Call resume() first.',
    destroyed: 'Create another container.',
  };
  return new ContainervError('ERR_CONTAINERV_STATE', `Cannot ${call}: container '${id}' is ${state}`, {
    hint: hints[state],
  });
}
