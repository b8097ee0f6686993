import {
  abortError,
  ContainervError,
  type ExitCause,
  type ExitStatus,
  KILL_GRACE_MS,
  type ProcessSpec,
  type ResourceUsage,
  signalName,
  throwIfAborted,
} from 'containerv-api';
import { type Channel, readFailure, refusalError, type Reply } from '../channel.js';
import type { Confinement } from '../confinement.js';
import { missedPaths } from '../landlock/requirement.js';
import type { Ruleset } from '../landlock/ruleset.js';
import type { Native } from '../native.js';
import { KillFlag, MessageType } from '../protocol.js';
import { type WireReader, WireWriter } from '../wire.js';
import { spawnError } from './spawn-error.js';
import { encodeSpawn } from './spawn-message.js';
import type { StdioPlan } from './stdio-plan.js';

/** What starting and following a process needs of its container. */
export interface ProcessHost {
  readonly native: Native;
  readonly channel: Channel;
  /** Whether the kernel has killed for memory since it was last asked. */
  takeOomKill(): Promise<boolean>;
  warn(what: string): void;
}

const SIGKILL = 9;
/** kMaxBody of native/common/protocol.h, and the header. */
const MAX_MESSAGE_BYTES = 8 * 1024 ** 2 + 8;
const SIGSYS = 31;
const NO_USAGE: ResourceUsage = {
  userCpuMs: null,
  systemCpuMs: null,
  maxRssBytes: null,
  minorPageFaults: null,
  majorPageFaults: null,
  voluntaryContextSwitches: null,
  involuntaryContextSwitches: null,
};

/** A process of a container as init knows it: started, signalled, ended. No streams. */
export class InitProcess {
  readonly #host: ProcessHost;
  readonly #spec: ProcessSpec;
  readonly #ruleset: Ruleset | undefined;
  readonly #request: number;
  #pid = 0;
  #terminal = -1;
  #settled = false;
  #ended = false;
  #killCause: 'timeout' | 'aborted' | undefined;
  /** Somebody asked for its end by SIGKILL: the kernel did not, for memory. */
  #killed = false;
  #timers: NodeJS.Timeout[] = [];
  readonly #onAbort = (): void => this.#end('aborted');
  #reportExit: (status: ExitStatus) => void = () => {};
  #onExit: () => void = () => {};
  /** Called with the number of the signal that stopped it, when the spec asks for job control. */
  onStop: (signal: number) => void = () => {};
  /** How it ended; never rejects. */
  readonly exited: Promise<ExitStatus>;

  private constructor(host: ProcessHost, spec: ProcessSpec, ruleset: Ruleset | undefined) {
    this.#host = host;
    this.#spec = spec;
    this.#ruleset = ruleset;
    this.#request = host.channel.nextRequest();
    this.exited = new Promise((resolve) => {
      this.#reportExit = resolve;
    });
  }

  /**
   * Resolves once the command executes. The process gets the plan's descriptors; ours stay the caller's.
   * @throws ContainervError
   */
  static async start(
    host: ProcessHost,
    spec: ProcessSpec,
    stdio: StdioPlan,
    confinement: Confinement | undefined,
    observerPass?: bigint,
  ): Promise<InitProcess> {
    throwIfAborted(spec.signal, 'start process');
    const started = new InitProcess(host, spec, confinement?.ruleset);
    await new Promise<void>((resolve, reject) => {
      host.channel.expect(started.#request, (reply) => started.#onReply(reply, resolve, reject));
      try {
        const message = encodeSpawn(started.#request, spec, confinement, observerPass);
        if (message.length > MAX_MESSAGE_BYTES) throw tooLarge(spec);
        host.channel.send(message, stdio.childFds, () => stdio.closeChildEnds());
        started.#arm();
      } catch (error) {
        started.#finish();
        reject(error);
      }
    });
    return started;
  }

  /**
   * Called as the exit arrives, or at once when it has: the time to drain pipes. A short process may end in the same
   * turn of the event loop that reports its start.
   */
  set onExit(listener: () => void) {
    this.#onExit = listener;
    if (this.#ended) listener();
  }

  /** Inside the container. */
  get pid(): number {
    return this.#pid;
  }

  /** The terminal's master, the caller's from now on; -1 without a terminal. */
  takeTerminal(): number {
    const terminal = this.#terminal;
    this.#terminal = -1;
    return terminal;
  }

  async kill(signal: number, wholeGroup = false): Promise<void> {
    if (this.#ended) return;
    if (signal === SIGKILL) this.#killed = true;
    try {
      await this.#host.channel.call((request) =>
        new WireWriter(MessageType.Kill, request)
          .u32(this.#pid)
          .u32(signal)
          .u32(wholeGroup ? KillFlag.WholeGroup : 0),
      );
    } catch (error) {
      // It ended while we asked.
      if (this.#ended || this.#host.channel.closed) return;
      throw refusalError(error);
    }
  }

  #onReply(reply: Reply | ContainervError, resolve: () => void, reject: (error: unknown) => void): void {
    if (reply instanceof ContainervError) {
      this.#finish();
      this.#onExit();
      if (this.#settled) this.#reportExit(destroyedStatus());
      else reject(reply);
      return;
    }
    if (reply.type === MessageType.Spawned) {
      this.#settled = true;
      this.#pid = reply.reader.u32();
      this.#terminal = reply.fds[0] ?? -1;
      const missed = missedPaths(this.#ruleset, reply.reader.text());
      if (missed !== undefined) this.#host.warn(missed);
      if (this.#killCause !== undefined) this.#end(this.#killCause);
      resolve();
      return;
    }
    if (reply.type === MessageType.Stopped) {
      this.onStop(reply.reader.u32());
      return;
    }
    // What it leaves of its group does not outlive what was to end it.
    if (reply.type === MessageType.Exited && this.#killCause !== undefined) this.#signalGroup(SIGKILL);
    this.#finish();
    if (reply.type === MessageType.Failed) {
      const aborted = this.#killCause === 'aborted' && this.#spec.signal !== undefined;
      reject(
        aborted
          ? abortError(this.#spec.signal, 'start process')
          : spawnError(readFailure(reply.reader), this.#spec),
      );
    } else if (reply.type === MessageType.Exited) {
      const ended = readExit(reply.reader);
      this.#onExit();
      void this.#explain(ended).then(this.#reportExit);
    } else {
      reject(new ContainervError('ERR_CONTAINERV_PROTOCOL', `Init answered with message ${reply.type}`));
    }
  }

  #finish(): void {
    this.#ended = true;
    this.#host.channel.forget(this.#request);
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.#spec.signal?.removeEventListener('abort', this.#onAbort);
  }

  #arm(): void {
    const { signal, timeoutMs } = this.#spec;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (timeoutMs !== undefined) this.#timers.push(setTimeout(() => this.#end('timeout'), timeoutMs));
  }

  /** The signal asked for, to the whole process group, and SIGKILL when that was not enough. */
  #end(cause: 'timeout' | 'aborted'): void {
    if (this.#ended) return;
    this.#killCause ??= cause;
    // Not started yet: done as soon as there is somebody to signal.
    if (this.#pid === 0) return;
    this.#signalGroup(this.#spec.killSignal);
    if (this.#spec.killSignal !== SIGKILL) {
      this.#timers.push(setTimeout(() => this.#signalGroup(SIGKILL), KILL_GRACE_MS));
    }
  }

  #signalGroup(signal: number): void {
    // A refusal means that it is gone, which the exit says better.
    this.kill(signal, true).catch(() => {});
  }

  async #explain({ exitCode, signal, resourceUsage }: RawExit): Promise<ExitStatus> {
    const cause = await this.#cause(signal);
    return { exitCode, signal: signal === undefined ? null : signalName(signal), cause, resourceUsage };
  }

  async #cause(signal: number | undefined): Promise<ExitCause> {
    if (this.#killCause !== undefined) return this.#killCause;
    if (signal === undefined) return 'exit';
    if (signal === SIGSYS) return 'seccomp';
    if (signal === SIGKILL && !this.#killed && (await this.#host.takeOomKill())) return 'oom';
    return 'signal';
  }
}

function tooLarge(spec: ProcessSpec): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_SPAWN',
    `The arguments and environment of '${spec.argv[0]}' are too large`,
    {
      step: 'execute command',
      errno: 'E2BIG',
      hint: 'The kernel takes 6 MiB of them at most. Pass the rest in a file or through stdin.',
    },
  );
}

interface RawExit {
  readonly exitCode: number | null;
  readonly signal: number | undefined;
  readonly resourceUsage: ResourceUsage;
}

/** The body of a kExited message: a wait status, and the fields of struct rusage (getrusage(2)). */
function readExit(reader: WireReader): RawExit {
  const status = reader.u32();
  const signal = status & 0x7f;
  const userCpuMs = reader.u64() / 1000;
  const systemCpuMs = reader.u64() / 1000;
  const maxRssBytes = reader.u64() * 1024;
  const minorPageFaults = reader.u64();
  const majorPageFaults = reader.u64();
  reader.u64();
  reader.u64();
  return {
    exitCode: signal === 0 ? (status >> 8) & 0xff : null,
    signal: signal === 0 ? undefined : signal,
    resourceUsage: {
      userCpuMs,
      systemCpuMs,
      maxRssBytes,
      minorPageFaults,
      majorPageFaults,
      voluntaryContextSwitches: reader.u64(),
      involuntaryContextSwitches: reader.u64(),
    },
  };
}

function destroyedStatus(): ExitStatus {
  return { exitCode: null, signal: 'SIGKILL', cause: 'destroyed', resourceUsage: NO_USAGE };
}
