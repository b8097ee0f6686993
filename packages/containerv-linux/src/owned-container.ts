import {
  ContainervError,
  type ContainerSpec,
  type Enforced,
  parseDuration,
  type StopOptions,
} from 'containerv-api';
import { boot, type Booted } from './boot.js';
import { readFile } from 'node:fs/promises';
import { parseOomKills } from './cgroup/cgroup.js';
import type { Channel } from './channel.js';
import type { Confinement } from './confinement.js';
import { LinuxContainer, stateError } from './container.js';
import type { Native } from './native.js';
import type { HostView } from './plan/host-view.js';
import { MessageType } from './protocol.js';
import type { Resources } from './resources.js';
import { WireWriter } from './wire.js';

const SIGTERM = 15;
const STOP_GRACE_MS = 10_000;

/** A container that this program made: it holds its resources and its init's life. */
export class OwnedContainer extends LinuxContainer {
  readonly #spec: ContainerSpec;
  readonly #host: HostView;
  readonly #resources: Resources;
  #booted: Booted | undefined;
  #enforced: Enforced;
  /** Settles when the running init has been reaped. */
  #ended: Promise<void> = Promise.resolve();
  #ending: 'stopped' | 'destroyed' | undefined;
  #destruction: Promise<void> | undefined;
  #oomKills = 0;

  constructor(
    native: Native,
    spec: ContainerSpec,
    confinement: Confinement,
    host: HostView,
    resources: Resources,
    booted: Booted,
  ) {
    super(native, spec.id, spec, confinement, spec.detached);
    this.#spec = spec;
    this.#host = host;
    this.#resources = resources;
    this.#enforced = booted.enforced;
    this.#adopt(booted);
  }

  get enforced(): Enforced {
    return this.#enforced;
  }

  async start(): Promise<void> {
    if (this.state === 'running') return;
    if (this.state !== 'stopped') throw stateError(this.id, this.state, 'start');
    const booted = await boot(this.native, {
      spec: this.#spec,
      confinement: this.confinement,
      host: this.#host,
      ...this.#resources,
    });
    if (this.#destruction !== undefined) {
      booted.kill();
      booted.channel.close();
      await booted.reap();
      throw stateError(this.id, 'destroyed', 'start');
    }
    this.#adopt(booted);
    await this.#describe();
  }

  async stop(options: StopOptions = {}): Promise<void> {
    const graceMs = parseDuration(options.timeout ?? STOP_GRACE_MS, 'timeout');
    if (this.state === 'stopped') return;
    const channel = this.running('stop');
    this.#ending ??= 'stopped';
    await this.#askToStop(channel, graceMs);
    await this.#ended;
    if (this.#destruction === undefined) await this.#describe();
  }

  async destroy(): Promise<void> {
    this.#destruction ??= this.#destroy();
    return this.#destruction;
  }

  protected channel(): Channel | undefined {
    return this.#booted?.channel;
  }

  protected async takeOomKill(): Promise<boolean> {
    const { oomFile } = this.#resources.cgroup;
    if (oomFile === undefined) return false;
    const kills = parseOomKills(await readFile(oomFile, 'utf8').catch(() => ''));
    const more = kills > this.#oomKills;
    this.#oomKills = Math.max(kills, this.#oomKills);
    if (more) this.emit('oom');
    return more;
  }

  #adopt(booted: Booted): void {
    this.#booted = booted;
    this.#enforced = booted.enforced;
    this.#ending = undefined;
    this.#ended = new Promise((resolve, reject) => {
      booted.channel.onClose = () => {
        // End of file on the socket: init is dying or dead, and the kernel takes the rest down before it can be reaped.
        booted.kill();
        booted.reap().then(() => resolve(this.#onEnded()), reject);
      };
    });
    this.#ended.catch(() => {});
    this.enter('running');
  }

  #onEnded(): void {
    this.#booted = undefined;
    const reason = this.#destruction === undefined ? (this.#ending ?? 'crashed') : 'destroyed';
    if (reason !== 'destroyed') this.enter('stopped');
    this.emit('exit', { reason });
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
    const booted = this.#booted;
    if (booted !== undefined) {
      booted.kill();
      booted.channel.close();
    }
    await this.#ended;
    try {
      await this.#resources.release();
    } catch (cause) {
      // A second destroy() tries again.
      this.#destruction = undefined;
      this.enter('stopped');
      throw new ContainervError(
        'ERR_CONTAINERV_SYSTEM',
        `Container '${this.id}' ended, but not all of it could be removed`,
        {
          step: 'destroy container',
          hint: 'Call destroy() again, or run: containerv prune',
          cause,
        },
      );
    }
    this.enter('destroyed');
  }

  async #describe(): Promise<void> {
    await this.#resources.describe({
      initPid: this.#booted?.pid ?? null,
      stopped: this.#booted === undefined,
    });
  }
}
