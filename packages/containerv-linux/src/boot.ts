import {
  abortError,
  ContainervError,
  type ContainerSpec,
  type Enforced,
  throwIfAborted,
} from 'containerv-api';
import { bootError } from './boot-error.js';
import { withoutGroup } from './bpf-lsm/availability.js';
import { ConfinedFiles } from './bpf-lsm/confined-files.js';
import type { MapIds } from './bpf-lsm/file-maps.js';
import { Channel, readFailure, type Reply } from './channel.js';
import type { Confinement } from './confinement.js';
import type { EarlyLaunch } from './early-launch.js';
import { readEnforced, readMissed, verifyEnforced } from './enforcement.js';
import { type IdPlan, mapsGroup } from './ids/id-maps.js';
import { initExecutable } from './init-executable.js';
import { missedPaths, missedSentence } from './landlock/requirement.js';
import { isolatedNetwork, type NetworkSetup } from './network/network-setup.js';
import { encodeFileSteps } from './file-steps.js';
import { type FileResults, type Native, native as addon, type StartedInit } from './native.js';
import { deviceOperations } from './plan/devices.js';
import { bindEtcFiles, bindHosts, etcFiles } from './plan/etc-files.js';
import type { HostView } from './plan/host-view.js';
import { cloneFlags } from './plan/namespace-flags.js';
import type { RootOperation } from './plan/operation.js';
import { encodePlan } from './plan/plan.js';
import { rootOperations } from './plan/root-operations.js';
import { hardening, standardMounts } from './plan/standard-mounts.js';
import { SourceTrees } from './plan/source-trees.js';
import { userMounts } from './plan/user-mounts.js';
import { MessageType, PROTOCOL_VERSION } from './protocol.js';
import { type ResourcePlan, Resources } from './resources.js';
import { failureOf } from './system-error.js';
import { WireWriter } from './wire.js';

const SIGKILL = 9;
const DEFAULT_TMPFS_BYTES = 1024 ** 3;
const TTY_GROUP = 5;

/** What a container's init is started from. */
export interface BootInput {
  readonly spec: ContainerSpec;
  readonly confinement: Confinement;
  readonly host: HostView;
  readonly plan: ResourcePlan;
  readonly ids: IdPlan;
}

/** Init as a process: to be killed, and waited for once. */
export interface InitHandle {
  readonly pid: number;
  readonly channel: Channel;
  /** Kills every process of the container; before {@link Channel.close}. */
  kill(): void;
  /** Gives the handle up; the process still has to be waited for. */
  close(): void;
}

/** What init tells those who join, besides what it read back itself. */
export interface InitDescription extends Pick<Enforced, 'cgroup' | 'limits' | 'deviceFilter' | 'bpfLsm'> {
  readonly mappedMounts: boolean;
  /** Where BPF programs judge files, by what they go. */
  readonly fileMaps?: MapIds;
}

/** A running init. */
export interface Booted extends InitHandle {
  readonly enforced: Enforced;
  readonly warnings: readonly string[];
  /** `undefined`: no BPF programs judge its files. */
  readonly files: ConfinedFiles | undefined;
}

/**
 * Starts init and sends it the plan. For a new container the resource plan's steps are done in the same turn, and
 * `results` tells what came of them; init is `undefined` when one failed.
 * @throws ContainervError when the start itself failed; then no process is left.
 */
export async function startInit(
  native: Native,
  input: BootInput,
  resources: Resources | undefined,
  launch?: EarlyLaunch,
): Promise<InitStart> {
  const { plan, spec } = input;
  let held = resources;
  let first: FileResults | undefined;
  for (let attempt = 0; ; attempt++) {
    let started: StartedInit;
    try {
      started = await tryStart(native, input, held, launch);
    } catch (error) {
      await plan.network?.release();
      if (first === undefined) throw error;
      return { init: undefined, results: first, error };
    }
    first ??= started.steps;
    const { failure } = started;
    if (failure === undefined) {
      if (started.userNetwork !== undefined) plan.network?.begun(started.userNetwork);
      if (started.pid >= 0)
        return { init: handle(native, started, spec.namespaces.pid), results: first, resources: held };
      await plan.network?.release();
      return { init: undefined, results: first };
    }
    const known = failureOf(failure, 'start init');
    const again = known !== undefined && (await plan.network?.failed(known)) === true;
    if (!again || attempt === MAX_ATTEMPTS) {
      const error = known === undefined ? failure : bootError(known, spec, failure);
      return { init: undefined, results: first, error };
    }
    // What the first attempt made on the host stays ours.
    if (held === undefined) {
      plan.batch.settle(first, 'prepare container');
      try {
        held = Resources.hold(native, plan, spec);
      } catch (error) {
        return { init: undefined, results: first, error };
      }
    }
  }
}

export interface InitStart {
  readonly init: InitHandle | undefined;
  readonly results: FileResults;
  /** When they had to be held before it started. */
  readonly resources?: Resources | undefined;
  readonly error?: unknown;
}

const MAX_ATTEMPTS = 50;

async function tryStart(
  native: Native,
  { spec, confinement, host, plan, ids }: BootInput,
  resources: Resources | undefined,
  launch: EarlyLaunch | undefined,
): Promise<StartedInit> {
  const executable = await initExecutable(native);
  const trees = new SourceTrees(ids.mappedMounts);
  const network = await (plan.network?.prepare(native, spec) ?? isolatedNetwork(spec));
  const message = encodePlan({
    spec,
    staging: plan.stateDirectory,
    confinement,
    operations: [...network.inside, ...operations(spec, host, plan, network, trees)],
    entersLate: resources === undefined && plan.stepsBeforePlan < plan.batch.steps.length,
  });
  throwIfAborted(spec.signal, 'start init');
  const namespaces = cloneFlags(spec.namespaces);
  return native.startInit({
    steps: resources === undefined ? plan.batch.encoded : encodeFileSteps(plan.renewal),
    stepsBeforePlan: resources === undefined ? plan.stepsBeforePlan : plan.renewal.length,
    stepsBeforeTrees: resources === undefined ? plan.stepsBeforeTrees : plan.renewal.length,
    lockStep: resources === undefined ? plan.lockStep : -1,
    cgroupStep: resources === undefined ? plan.cgroups.openStep : -1,
    executable,
    launch: launch?.take() ?? -1,
    lock: resources?.lock ?? -1,
    namespaces,
    stateDirectory: plan.stateDirectory,
    uidMap: ids.uidMap,
    gidMap: ids.gidMap,
    denySetgroups: ids.denySetgroups,
    uidHelper: ids.uidHelper,
    gidHelper: ids.gidHelper,
    idFile: ids.idFile,
    idRuns: ids.idRuns,
    trees: trees.list,
    cgroup: resources?.cgroup.fd ?? -1,
    cgroupTasks:
      resources === undefined
        ? plan.cgroups.tasks
        : resources.cgroup.tasks.map((path) => ({ path, step: -1 })),
    oomScoreAdj: spec.oomScoreAdj === undefined ? '' : String(spec.oomScoreAdj),
    network: network.outside,
    ports: network.ports,
    userNetwork: network.connect ?? Buffer.alloc(0),
    plan: message,
  });
}

function handle(native: Native, { pid, pidfd, socket }: StartedInit, pidNamespace: boolean): InitHandle {
  const channel = new Channel(native, socket);
  return {
    pid,
    channel,
    kill() {
      // Without a pid namespace nothing but init itself ends the processes below it.
      if (pidNamespace) native.signal(pid, pidfd, SIGKILL);
      else channel.send(new WireWriter(MessageType.Stop, channel.nextRequest()).u32(SIGKILL).u64(0).finish());
    },
    close: () => {
      if (pidfd >= 0) native.close(pidfd);
    },
  };
}

/** Waits until init has built the container, and checks what it reports. The caller ends it when this rejects. */
export async function awaitReady(
  init: InitHandle,
  { spec, confinement, plan, ids }: BootInput,
  resources: Resources,
): Promise<Booted> {
  const { mappedMounts } = ids;
  const { version: cgroup, limits, deviceFilter } = resources.cgroup;
  const known = { cgroup, limits, deviceFilter, mappedMounts: spec.namespaces.user && mappedMounts };
  // Init is still at work. Sent later, it would have to be woken for it.
  if (!spec.bpfLsm) tell(init.channel, { ...known, bpfLsm: false });
  const report = await ready(init, spec);
  const files = await confineFiles(init, spec, confinement, plan, resources);
  try {
    await plan.network?.announce();
    const bpfLsm = files?.denies === true;
    const outside = { ...resources.cgroup, mappedMounts, bpfLsm };
    const enforced = readEnforced(report, spec.network.mode, outside);
    verifyEnforced(enforced, spec, confinement);
    // Landlock and the programs miss the same.
    const missed =
      missedPaths(confinement.ruleset, readMissed(report)) ?? missedSentence(files?.missed ?? []);
    if (files !== undefined) tell(init.channel, { ...known, bpfLsm, fileMaps: files.ids });
    return {
      ...init,
      enforced,
      files,
      warnings: [...(missed === undefined ? [] : [missed]), ...(plan.network?.warnings ?? [])],
    };
  } catch (error) {
    // Nothing has been run in it.
    await files?.release();
    throw error;
  }
}

/** By BPF programs, where they were asked for. */
async function confineFiles(
  init: InitHandle,
  { bpfLsm }: ContainerSpec,
  { fileRules: rules }: Confinement,
  { cgroups: { groups } }: ResourcePlan,
  { cgroup }: Resources,
): Promise<ConfinedFiles | undefined> {
  if (!bpfLsm) return undefined;
  if (cgroup.version !== 'v2' || groups.unified === null) throw withoutGroup();
  return ConfinedFiles.confine(addon(), { init, group: groups.unified, rules });
}

/** What who joins is told of that init cannot read back itself. */
export function describeTo(
  channel: Channel,
  { cgroup, limits, deviceFilter, ids, bpfLsm }: Enforced,
  fileMaps: MapIds | undefined,
): void {
  const mappedMounts = ids?.mappedMounts ?? false;
  const description: InitDescription = { cgroup, limits, deviceFilter, mappedMounts, bpfLsm };
  tell(channel, fileMaps === undefined ? description : { ...description, fileMaps });
}

function tell(channel: Channel, description: InitDescription): void {
  channel.send(new WireWriter(MessageType.Describe, 0).text(JSON.stringify(description)).finish());
}

function operations(
  spec: ContainerSpec,
  host: HostView,
  plan: ResourcePlan,
  network: NetworkSetup,
  trees: SourceTrees,
): RootOperation[] {
  const memoryBytes = spec.limits.memoryBytes === 'max' ? DEFAULT_TMPFS_BYTES : spec.limits.memoryBytes;
  const files = etcFiles(spec, network);
  return [
    ...rootOperations(spec, {
      host,
      trees,
      directory: plan.dataDirectory ?? undefined,
      userAttributes: spec.namespaces.user,
      volatile: !spec.detached,
      memoryBytes,
      etcFiles: files,
    }),
    ...standardMounts(spec, {
      ttyGroup: mapsGroup(spec, process.getuid?.() ?? 0, TTY_GROUP),
      unifiedCgroup: plan.cgroups.unified,
      memoryBytes,
    }),
    ...deviceOperations(spec, trees, process.getuid?.() ?? 0),
    ...bindEtcFiles(spec, files),
    ...(network.hostsSource === undefined ? [] : [bindHosts(trees.of(network.hostsSource, false))]),
    ...userMounts(spec, trees),
    ...hardening(spec),
  ];
}

/** Init's report, or why there is none. */
async function ready({ channel }: InitHandle, spec: ContainerSpec): Promise<string> {
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
  const step = 'start container';
  if (reply instanceof ContainervError) {
    const what = 'Init ended without a word';
    const hint =
      'It may have been killed for memory: `limits.memory` has to hold init and the root. See the kernel log.';
    reject(new ContainervError('ERR_CONTAINERV_PROTOCOL', what, { step, hint }));
  } else if (reply.type === MessageType.Failed) {
    reject(bootError(readFailure(reply.reader), spec));
  } else if (reply.type !== MessageType.Ready || reply.reader.u32() !== PROTOCOL_VERSION) {
    const hint = 'The parts of containerv-linux do not belong together. Reinstall it.';
    reject(new ContainervError('ERR_CONTAINERV_PROTOCOL', 'Init speaks another protocol', { step, hint }));
  } else {
    resolve(reply.reader.text());
  }
}
