import {
  ContainervError,
  type Enforced,
  type LimitName,
  parseDuration,
  type StopOptions,
} from 'containerv-api';
import { awaitReady, type Booted, type BootInput, describeTo, startInit } from './boot.js';
import type { ConfinedFiles } from './bpf-lsm/confined-files.js';
import type { JudgedFiles } from './bpf-lsm/judged-files.js';
import { NO_GROUPS } from './cgroup/groups.js';
import type { Channel } from './channel.js';
import { LinuxContainer, stateError } from './container.js';
import { endSteps } from './freeze.js';
import type { WritableLayer } from './layers/writable-layer.js';
import { encodeFileSteps } from './file-steps.js';
import type { Native } from './native.js';
import { MessageType } from './protocol.js';
import type { Resources } from './resources.js';
import { noteLimits } from './state/boot-file.js';
import { WireWriter } from './wire.js';

const SIGTERM = 15;
const STOP_GRACE_MS = 10_000;

/** A container that this program made: it holds its resources and its init's life. */
export class OwnedContainer extends LinuxContainer {
  readonly #input: BootInput;
  readonly #resources: Resources;
  #booted: Booted | undefined;
  /** Rules in the kernel, which stay for as long as anything may run in the container's group. */
  #files: ConfinedFiles | undefined;
  #enforced: Enforced;
  /** Settles when the running init has been reaped. */
  #ended: Promise<void> = Promise.resolve();
  #ending: 'stopped' | 'destroyed' | undefined;
  #destruction: Promise<void> | undefined;
  /** Set before anything else of a destruction happens. */
  #destroying = false;
  /** An init that is ending and that nobody has waited for: the destruction does, and removes the rest in one turn. */
  #unreaped: number | undefined;

  constructor(native: Native, input: BootInput, resources: Resources, booted: Booted) {
    const { spec, confinement } = input;
    const { groups } = input.plan.cgroups;
    const source = {
      id: spec.id,
      groups: resources.cgroup.version === false ? NO_GROUPS : groups,
      network: booted.enforced.network,
      createdAt: new Date(input.plan.record.createdAt),
    };
    super(native, source, spec, confinement, spec.detached);
    this.#input = input;
    this.#resources = resources;
    this.#enforced = booted.enforced;
    if (input.plan.network !== undefined) input.plan.network.onLost = (what) => this.warn(what);
    this.#adopt(booted);
  }

  get enforced(): Enforced {
    return this.#enforced;
  }

  /** What turned out as its init started. */
  get startWarnings(): readonly string[] {
    return this.#booted?.warnings ?? [];
  }

  async start(): Promise<void> {
    if (this.state === 'running' || this.state === 'paused') return;
    if (this.state !== 'stopped') throw stateError(this.id, this.state, 'start');
    const { init, error } = await startInit(this.native, this.#input, this.#resources);
    if (init === undefined) throw error;
    let booted: Booted | undefined;
    try {
      booted = await awaitReady(init, this.#input, this.#resources);
      if (this.#destroying) throw stateError(this.id, 'destroyed', 'start');
    } catch (failure) {
      init.kill();
      init.channel.close();
      init.close();
      await this.native.reap(init.pid, encodeFileSteps([]), encodeFileSteps([]));
      await booted?.files?.release();
      await this.#resources.disconnect().catch(() => {});
      throw failure;
    }
    this.#adopt(booted);
    for (const what of booted.warnings) this.warn(what);
    await this.#resources.describe(false);
  }

  async stop(options: StopOptions = {}): Promise<void> {
    const graceMs = parseDuration(options.timeout ?? STOP_GRACE_MS, 'timeout');
    if (this.state === 'stopped') return;
    const channel = this.alive('stop');
    this.#ending ??= 'stopped';
    channel.awaitClose();
    await this.#askToStop(channel, graceMs);
    await this.#ended;
  }

  async destroy(): Promise<void> {
    this.#destroying = true;
    this.#destruction ??= this.#destroy();
    return this.#destruction;
  }

  protected get writableLayer(): WritableLayer | null {
    return this.#resources.plan.record.layer;
  }

  protected get stateDirectory(): string {
    return this.#resources.plan.stateDirectory;
  }

  protected override judgedFiles(): JudgedFiles | undefined {
    return this.#files?.released === false ? this.#files.judged : undefined;
  }

  protected channel(): Channel | undefined {
    return this.#booted?.channel;
  }

  protected async initPid(): Promise<number | null> {
    return this.#booted?.pid ?? null;
  }

  protected async onLimits(held: Partial<Record<LimitName, boolean>>): Promise<void> {
    this.#enforced = { ...this.#enforced, limits: { ...this.#enforced.limits, ...held } };
    if (this.#booted !== undefined) {
      describeTo(this.#booted.channel, this.#enforced, this.#booted.files?.ids);
    }
    await noteLimits(this.native, this.#resources.plan.stateDirectory, held);
  }

  #adopt(booted: Booted): void {
    this.#booted = booted;
    this.#files = booted.files;
    this.#enforced = booted.enforced;
    this.#ending = undefined;
    this.#ended = new Promise((resolve, reject) => {
      booted.channel.onClose = () => {
        // End of file on the socket: init is dying or dead, and the kernel takes the rest down before it can be reaped.
        booted.kill();
        booted.close();
        this.#booted = undefined;
        if (this.#destroying) {
          this.#unreaped = booted.pid;
          resolve();
        } else {
          this.#afterEnd(booted.pid).then(resolve, reject);
        }
      };
    });
    this.#ended.catch(() => {});
    this.follow(booted.channel);
    this.enter('running');
  }

  async #afterEnd(init: number): Promise<void> {
    await this.native.reap(init, encodeFileSteps(endSteps(this.vitals.groups)), encodeFileSteps([]));
    await this.#files?.releaseIfEmpty();
    // What cannot be taken back now is when the container is destroyed.
    if (!this.#destroying) await this.#resources.disconnect().catch(() => {});
    // Whoever ended it, and however: as long as we live it can be started again. With its directory gone it cannot be
    // described, but still be destroyed.
    if (!this.#destroying) await this.#resources.describe(true).catch(() => {});
    this.enter('stopped');
    this.emit('exit', { reason: this.#ending ?? 'crashed' });
  }

  async #askToStop(channel: Channel, graceMs: number): Promise<void> {
    try {
      await channel.call((request) => new WireWriter(MessageType.Stop, request).u32(SIGTERM).u64(graceMs));
    } catch (error) {
      // It ended before it could answer, which is what was asked for.
      if (!channel.closed) throw error;
    }
  }

  async #destroy(): Promise<void> {
    this.#booted?.kill();
    this.#booted?.channel.close();
    await this.#ended;
    const unreaped = this.#unreaped;
    this.#unreaped = undefined;
    try {
      await this.#resources.release(unreaped);
    } catch (cause) {
      // A second destroy() tries again.
      this.#destruction = undefined;
      this.#destroying = false;
      this.enter('stopped');
      const what = `Container '${this.id}' ended, but not all of it could be removed`;
      const hint = 'Call destroy() again, or run: containerv prune';
      throw new ContainervError('ERR_CONTAINERV_SYSTEM', what, { step: 'destroy container', hint, cause });
    }
    await this.#files?.release();
    this.enter('destroyed');
    if (unreaped !== undefined) this.emit('exit', { reason: 'destroyed' });
  }
}
