import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkContainerId,
  type Container,
  ContainervError,
  type Enforced,
  type LimitName,
  nearestName,
  parseDuration,
  type StopOptions,
} from 'containerv-api';
import { describeTo, type InitDescription } from './boot.js';
import { FileMaps, type MapIds } from './bpf-lsm/file-maps.js';
import { JudgedFiles } from './bpf-lsm/judged-files.js';
import { NO_GROUPS } from './cgroup/groups.js';
import { Channel } from './channel.js';
import { LinuxContainer, stateError } from './container.js';
import { readEnforced } from './enforcement.js';
import type { WritableLayer } from './layers/writable-layer.js';
import { type Native, native } from './native.js';
import { MessageType } from './protocol.js';
import { awaitInitExit, containerIds, removeDead } from './prune-containers.js';
import { restart, type Restarted } from './restart.js';
import { noteLimits } from './state/boot-file.js';
import { type BaseDirectories, ownDirectories } from './state/directories.js';
import { describeStopped, readInitPid, readStateFile, type StateRecord } from './state/state-file.js';
import { systemError, failureOf } from './system-error.js';
import { WireWriter } from './wire.js';

const SIGTERM = 15;
const SIGKILL = 9;
const STOP_GRACE_MS = 10_000;
const HELD_ATTEMPTS = 10;
const HELD_PAUSE_MS = 30;

/**
 * Attaches to a container of this user from any process. A process started through it has exactly the confinement of
 * any other, and ends when this program does.
 * @throws ContainervError `ERR_CONTAINERV_NOT_FOUND`
 */
export async function joinContainer(id: string): Promise<Container> {
  const addon = native();
  const base = await ownDirectories();
  const directory = path.join(base.state, checkContainerId(id));
  const record = await readStateFile(directory);
  if (record === undefined) throw await notFound(base, id);
  let channel: Channel | undefined;
  try {
    channel = new Channel(addon, await addon.connect(directory));
  } catch (error) {
    const failure = failureOf(error, 'connect to container');
    // Nobody listens: it is stopped, or its owner crashed.
    if (failure === undefined || !GONE.has(failure.errno)) {
      throw failure === undefined ? error : systemError(failure, { what: 'Cannot join', cause: error });
    }
  }
  const { report, description, paused } = channel === undefined ? NOTHING_TOLD : await readReport(channel);
  const { cgroup: version, fileMaps, ...told } = description;
  const enforced = readEnforced(report, record.network, { version, ...told });
  const container = new JoinedContainer(addon, base, record, channel, enforced, paused, fileMaps);
  await container.prepare();
  return container;
}

const NOTHING: InitDescription = {
  cgroup: false,
  limits: {},
  deviceFilter: false,
  mappedMounts: false,
  bpfLsm: false,
};

interface Told {
  readonly report: string;
  readonly description: InitDescription;
  readonly paused: boolean;
}

const NOTHING_TOLD: Told = { report: '', description: NOTHING, paused: false };

/** What init read back when it became ready. A container that still starts answers once it has. */
async function readReport(channel: Channel): Promise<Told> {
  const { reader } = await channel.call((request) => new WireWriter(MessageType.Status, request));
  reader.u32();
  const paused = reader.u32() !== 0;
  const report = reader.text();
  const description = reader.text();
  return {
    report,
    description: description === '' ? NOTHING : (JSON.parse(description) as InitDescription),
    paused,
  };
}

const ENOENT = 2;
const ECONNREFUSED = 111;
const GONE: ReadonlySet<number> = new Set([ENOENT, ECONNREFUSED]);

class JoinedContainer extends LinuxContainer {
  #enforced: Enforced;
  protected readonly writableLayer: WritableLayer | null;
  protected readonly stateDirectory: string;
  readonly #base: BaseDirectories;
  readonly #record: StateRecord;
  #channel: Channel | undefined;
  #ended: Promise<void> = Promise.resolve();
  #ending: 'stopped' | 'destroyed' | undefined;
  #starting: Promise<Restarted> | undefined;
  /** By what BPF programs judge its files; opened when it is first needed. */
  #fileMaps: MapIds | undefined;
  #openMaps: FileMaps | undefined;

  constructor(
    addon: Native,
    base: BaseDirectories,
    record: StateRecord,
    channel: Channel | undefined,
    enforced: Enforced,
    paused: boolean,
    fileMaps: MapIds | undefined,
  ) {
    const { defaults, groups, network } = record;
    const source = {
      id: record.id,
      // What is stopped may have had groups, and has them again when it is started.
      groups: channel !== undefined && enforced.cgroup === false ? NO_GROUPS : groups,
      network,
      createdAt: new Date(record.createdAt),
    };
    const user = { group: undefined, groups: undefined, ...defaults.user };
    super(
      addon,
      source,
      {
        cwd: defaults.cwd,
        env: defaults.env,
        user,
        rlimits: defaults.rlimits,
        cpuAffinity: defaults.cpuAffinity,
      },
      {
        capabilities: BigInt(`0x${defaults.capabilities}`),
        filter: Buffer.from(defaults.filter, 'base64'),
        filterText: defaults.filter,
      },
      record.detached,
    );
    this.#enforced = enforced;
    this.writableLayer = record.layer;
    this.stateDirectory = path.join(base.state, record.id);
    this.#base = base;
    this.#record = record;
    this.#fileMaps = fileMaps;
    if (channel === undefined) this.enter('stopped');
    else this.#adopt(channel, paused ? 'paused' : 'running');
  }

  get enforced(): Enforced {
    return this.#enforced;
  }

  /** What happened before we came is not told. */
  async prepare(): Promise<void> {
    await this.vitals.oom.skip();
  }

  /** One that can outlive who made it, once that program has ended; it outlives this one, too. */
  async start(): Promise<void> {
    if (this.state === 'running' || this.state === 'paused') return;
    if (this.state !== 'stopped') throw stateError(this.id, this.state, 'start');
    this.#starting ??= restart(this.native, this.#base, this.id).finally(() => {
      this.#starting = undefined;
    });
    const { booted, end } = await this.#starting;
    if (this.#channel !== undefined) return;
    this.#enforced = booted.enforced;
    this.#fileMaps = booted.files?.ids;
    this.#adopt(booted.channel, 'running', end);
  }

  /** @param end - what is to be done when its init ends, for one that we started */
  #adopt(channel: Channel, state: 'running' | 'paused', end?: () => Promise<void>): void {
    this.#channel = channel;
    this.#ending = undefined;
    this.#ended = new Promise((resolve, reject) => {
      channel.onClose = () => {
        this.#channel = undefined;
        this.#closeMaps();
        (end?.() ?? Promise.resolve()).then(() => resolve(this.#onEnded()), reject);
      };
    });
    this.#ended.catch(() => {});
    this.follow(channel);
    this.enter(state);
  }

  #onEnded(): void {
    if (this.#ending !== 'destroyed') this.enter('stopped');
    this.emit('exit', { reason: this.#ending ?? 'stopped' });
  }

  async stop(options: StopOptions = {}): Promise<void> {
    const graceMs = parseDuration(options.timeout ?? STOP_GRACE_MS, 'timeout');
    if (this.state === 'stopped') return;
    this.alive('stop');
    // Before the end: a stopped container is kept, a crashed one is not, and its owner may be gone.
    await this.#describedAs({ stopped: true }, async () => this.#end(SIGTERM, graceMs, 'stopped'));
  }

  /**
   * Ends it, and removes what is left. While the program that made it lives, that keeps it stopped, to be removed by it
   * or when it has ended.
   * @throws ContainervError `ERR_CONTAINERV_STATE` for one that is stopped and that its maker can start again
   */
  async destroy(): Promise<void> {
    if (this.state === 'destroyed') return;
    const ran = this.state === 'running' || this.state === 'paused';
    if (ran) {
      const discarded = { stopped: false, discarded: true };
      await this.#describedAs(discarded, async () => this.#end(SIGKILL, 0, 'destroyed'));
    }
    const removed = await this.#remove(ran);
    if (!removed && !ran) throw heldByMaker(this.id);
    this.enter('destroyed');
  }

  /** Also while somebody else who cleans up is about to be done. */
  async #remove(ran: boolean): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      const released = await removeDead(this.native, this.#base, this.id, { evenStopped: true });
      if (released !== undefined) return true;
      if (ran || attempt === HELD_ATTEMPTS) return false;
      await sleep(HELD_PAUSE_MS);
    }
  }

  protected override judgedFiles(): JudgedFiles | undefined {
    const group = this.#record.groups.unified;
    if (this.#fileMaps === undefined || group === null) return undefined;
    this.#openMaps ??= FileMaps.byIds(this.native, this.#fileMaps);
    return new JudgedFiles(this.native, this.#openMaps, group);
  }

  #closeMaps(): void {
    this.#fileMaps = undefined;
    this.#openMaps?.close();
    this.#openMaps = undefined;
  }

  protected channel(): Channel | undefined {
    return this.#channel;
  }

  protected async initPid(): Promise<number | null> {
    return readInitPid(path.join(this.#base.state, this.id));
  }

  protected async onLimits(held: Partial<Record<LimitName, boolean>>): Promise<void> {
    this.#enforced = { ...this.#enforced, limits: { ...this.#enforced.limits, ...held } };
    if (this.#channel !== undefined) describeTo(this.#channel, this.#enforced, this.#fileMaps);
    await noteLimits(this.native, path.join(this.#base.state, this.id), held);
  }

  /**
   * What it is to be afterwards is written down before, while init lives, so that nobody else has the id. Only of a
   * container that can outlive its maker: others are removed when that has ended.
   */
  async #describedAs(
    { stopped, discarded }: Pick<StateRecord, 'stopped' | 'discarded'>,
    end: () => Promise<void>,
  ): Promise<void> {
    const describe = async (change: Pick<StateRecord, 'discarded'>, isStopped: boolean): Promise<void> => {
      if (!this.#record.detached || this.#channel === undefined) return;
      const directory = path.join(this.#base.state, this.id);
      await describeStopped(this.native, directory, { ...this.#record, ...change }, isStopped);
    };
    await describe({ discarded }, stopped);
    try {
      await end();
    } catch (error) {
      await describe({}, false);
      throw error;
    }
  }

  async #end(signal: number, graceMs: number, ending: 'stopped' | 'destroyed'): Promise<void> {
    const channel = this.alive('stop');
    this.#ending = ending;
    channel.awaitClose();
    try {
      await channel.call((request) => new WireWriter(MessageType.Stop, request).u32(signal).u64(graceMs));
    } catch (error) {
      if (!channel.closed) throw error;
    }
    await this.#ended;
    await awaitInitExit(this.native, path.join(this.#base.state, this.id), this.id);
  }
}

function heldByMaker(id: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_STATE',
    `Container '${id}' is kept by the program that made it, which is still running`,
    {
      step: 'destroy container',
      hint: 'Nothing was removed. That program can destroy it; when it has ended, anybody of this user can.',
    },
  );
}

async function notFound(base: BaseDirectories, id: string): Promise<ContainervError> {
  const nearest = nearestName(id, await containerIds(base));
  return new ContainervError('ERR_CONTAINERV_NOT_FOUND', `There is no container '${id}'`, {
    hint: nearest === undefined ? 'See what there is: containerv ps' : `Did you mean '${nearest}'?`,
  });
}
