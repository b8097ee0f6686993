import { readFile } from 'node:fs/promises';
import {
  abortError,
  ContainervError,
  type ContainerSpec,
  type Enforced,
  throwIfAborted,
} from 'containerv-api';
import { bootError } from './boot-error.js';
import type { Cgroup } from './cgroup/cgroup.js';
import { Channel, readFailure, type Reply } from './channel.js';
import type { Confinement } from './confinement.js';
import { readEnforced, verifyEnforced } from './enforcement.js';
import { idMapFiles, mapsGroup } from './id-maps.js';
import { initExecutable } from './init-executable.js';
import type { Native } from './native.js';
import { etcFiles } from './plan/etc-files.js';
import type { HostView } from './plan/host-view.js';
import { cloneFlags } from './plan/namespace-flags.js';
import type { RootOperation } from './plan/operation.js';
import { encodePlan } from './plan/plan.js';
import { rootOperations, type WritableDirectories } from './plan/root-operations.js';
import { hardening, standardMounts } from './plan/standard-mounts.js';
import { userMounts } from './plan/user-mounts.js';
import { MessageType, PROTOCOL_VERSION } from './protocol.js';
import type { Claim } from './state/claim.js';
import { failureOf } from './system-error.js';

const SIGKILL = 9;
const DEFAULT_TMPFS_BYTES = 1024 ** 3;
const TTY_GROUP = 5;

/** What a container's init is started from. */
export interface BootInput {
  readonly spec: ContainerSpec;
  readonly claim: Claim;
  readonly cgroup: Cgroup;
  readonly directories: WritableDirectories | undefined;
  readonly confinement: Confinement;
  readonly host: HostView;
  /** Writes down for other processes who init is. */
  describe(now: { readonly initPid: number | null; readonly stopped: boolean }): Promise<void>;
}

/** A running init. */
export interface Booted {
  readonly pid: number;
  readonly channel: Channel;
  readonly enforced: Enforced;
  /** Kills it, and with it every process of the container. */
  kill(): void;
  /** Waits until the kernel has taken it all down. Once. */
  reap(): Promise<number>;
}

/** Starts init, sends it the plan and waits until the container is ready. Leaves no process behind when it rejects. */
export async function boot(native: Native, input: BootInput): Promise<Booted> {
  const { spec, claim, cgroup } = input;
  const executable = await initExecutable(native);
  const plan = encodePlan({
    spec,
    staging: claim.directory,
    confinement: input.confinement,
    operations: await operations(input),
  });
  throwIfAborted(spec.signal, 'start init');
  let started;
  try {
    started = await native.startInit({
      executable,
      lock: claim.lock,
      namespaces: cloneFlags(spec.namespaces),
      stateDirectory: claim.directory,
      ...idMapFiles(spec, ownId('getuid'), ownId('getgid')),
      cgroup: cgroup.fd,
      cgroupTasks: cgroup.tasks,
      oomScoreAdj: spec.oomScoreAdj === undefined ? '' : String(spec.oomScoreAdj),
      plan,
    });
  } catch (error) {
    const failure = failureOf(error, 'start init');
    throw failure === undefined ? error : bootError(failure, spec, error);
  }
  const { pid, pidfd } = started;
  const channel = new Channel(native, started.socket);
  const kill = (): void => void native.signal(pid, pidfd, SIGKILL);
  const reap = async (): Promise<number> => {
    const status = await native.reap(pid);
    if (pidfd >= 0) native.close(pidfd);
    return status;
  };
  try {
    // Init builds the root meanwhile. Both are waited for, so that nothing is written once this has failed.
    const [described, report] = await Promise.allSettled([
      input.describe({ initPid: pid, stopped: false }),
      ready(channel, spec),
    ]);
    if (report.status === 'rejected') throw report.reason;
    if (described.status === 'rejected') throw described.reason;
    const enforced = readEnforced(report.value, spec.network.mode, cgroup);
    verifyEnforced(enforced, spec, input.confinement.capabilities);
    return { pid, channel, enforced, kill, reap };
  } catch (error) {
    kill();
    channel.close();
    await reap();
    throw error;
  }
}

async function operations({ spec, host, claim, cgroup, directories }: BootInput): Promise<RootOperation[]> {
  const memoryBytes = spec.limits.memoryBytes === 'max' ? DEFAULT_TMPFS_BYTES : spec.limits.memoryBytes;
  const resolvConf =
    spec.network.mode === 'none' ? '' : await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  return [
    ...rootOperations(spec, {
      host,
      staging: claim.directory,
      directories,
      userAttributes: spec.namespaces.user,
      memoryBytes,
    }),
    ...standardMounts(spec, {
      ttyGroup: mapsGroup(spec, ownId('getuid'), TTY_GROUP),
      unifiedCgroup: cgroup.version === 'v2',
      memoryBytes,
    }),
    ...etcFiles(spec, resolvConf),
    ...userMounts(spec),
    ...hardening(spec),
  ];
}

/** Init's report, or why there is none. */
async function ready(channel: Channel, spec: ContainerSpec): Promise<string> {
  const { signal } = spec;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => finish(() => reject(abortError(signal as AbortSignal, 'start container')));
    const finish = (settle: () => void): void => {
      channel.forget(0);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    channel.expect(0, (reply) => finish(() => settleReady(reply, spec, resolve, reject)));
  });
}

function settleReady(
  reply: Reply | ContainervError,
  spec: ContainerSpec,
  resolve: (report: string) => void,
  reject: (error: unknown) => void,
): void {
  if (reply instanceof ContainervError) {
    const what = 'Init ended without a word';
    const hint =
      'It may have been killed for memory: `limits.memory` has to hold init and the root. See the kernel log.';
    reject(new ContainervError('ERR_CONTAINERV_PROTOCOL', what, { step: 'start container', hint }));
  } else if (reply.type === MessageType.Failed) {
    reject(bootError(readFailure(reply.reader), spec));
  } else if (reply.type !== MessageType.Ready || reply.reader.u32() !== PROTOCOL_VERSION) {
    const hint = 'The parts of containerv-linux do not belong together. Reinstall it.';
    reject(
      new ContainervError('ERR_CONTAINERV_PROTOCOL', 'Init speaks another protocol', {
        step: 'start container',
        hint,
      }),
    );
  } else {
    resolve(reply.reader.text());
  }
}

function ownId(name: 'getuid' | 'getgid'): number {
  return process[name]?.() ?? 0;
}
