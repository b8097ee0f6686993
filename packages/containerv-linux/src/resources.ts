import path from 'node:path';
import { type ContainerSpec, ContainervError } from 'containerv-api';
import { type Cgroup, type CgroupPlan, planCgroup } from './cgroup/cgroup.js';
import type { Confinement } from './confinement.js';
import { ensureDeviceFilter, filteredDevices } from './devices/device-filter.js';
import type { DeviceRule } from './devices/device-rules.js';
import { type BatchFailure, FileBatch } from './file-batch.js';
import { finishRemoval, type Leftovers, removalSteps } from './leftovers.js';
import { endSteps } from './freeze.js';
import { encodeFileSteps } from './file-steps.js';
import type { FileStep, Native } from './native.js';
import { type PrivateNetwork, privateNetwork } from './network/private-network.js';
import type { HostView } from './plan/host-view.js';
import { liesOnHost, rootLayers } from './plan/root-layers.js';
import { type WritableLayer, writableLayer } from './layers/writable-layer.js';
import { lockFile } from './state/claim.js';
import { type BaseDirectories, forgetDirectory } from './state/directories.js';
import { describeStopped, readStateFile, type StateRecord, stateFile } from './state/state-file.js';
import { marksError, rootError } from './root-error.js';
import { systemError } from './system-error.js';
import { usualHint } from './usual-hint.js';

export const PREPARE = 'prepare container';
const ENOENT = 2;
const EWOULDBLOCK = 11;
const EEXIST = 17;
const ENOSPC = 28;

/** What a container is to have on the host, and the steps that make it. */
export interface ResourcePlan {
  readonly stateDirectory: string;
  /** With `upper` and `work` in it; `null`: nothing is written to the disk. */
  readonly dataDirectory: string | null;
  readonly cgroups: CgroupPlan;
  readonly deviceRules: readonly DeviceRule[] | undefined;
  readonly batch: FileBatch;
  /** How many of the batch's steps come before init is told what to do; the others are done beside it. */
  readonly stepsBeforePlan: number;
  /** How many of them it waits for before it builds the root. */
  readonly stepsBeforeTrees: number;
  /** What a start after a stop has to clear: the kernel refuses the work directories of a volatile overlay. */
  readonly renewal: readonly FileStep[];
  /** The step that takes the lock. */
  readonly lockStep: number;
  readonly leftovers: Leftovers;
  /** `undefined`: it has no network beyond its own namespace. */
  readonly network: PrivateNetwork | undefined;
  readonly record: Omit<StateRecord, 'stopped'>;
}

/**
 * The state directory and its lock come first, then the description, so that whoever cleans up after us knows what we
 * were about to make.
 */
export function planResources(
  spec: ContainerSpec,
  confinement: Confinement,
  base: BaseDirectories,
  host: HostView,
): ResourcePlan {
  const stateDirectory = path.join(base.state, spec.id);
  const dataDirectory = spec.writable === 'overlay' ? path.join(base.data, spec.id) : null;
  const deviceRules = filteredDevices(spec, process.getuid?.() ?? 0);
  const cgroups = planCgroup(spec.id, spec.limits, deviceRules);
  const network = spec.network.mode === 'private' ? privateNetwork(spec.network) : undefined;
  const layer = writableLayer(spec, host, dataDirectory);
  const record = describeContainer(spec, confinement, dataDirectory, layer, cgroups, network);
  const batch = new FileBatch();
  for (const source of rootSources(spec)) batch.add({ op: 'directory', path: source });
  for (const source of unreadMarks(spec)) batch.add({ op: 'opaque-marks', path: source });
  batch.add({ op: 'mkdir', path: stateDirectory, mode: 0o700 });
  const lockStep = batch.add({ op: 'lock', path: lockFile(stateDirectory), exclusive: false });
  const text = JSON.stringify({ ...record, stopped: false } satisfies StateRecord);
  batch.add({ op: 'replace', path: stateFile(stateDirectory), text });
  const claim = batch.steps.length;
  const networkDirectory = network?.directory ?? null;
  if (networkDirectory !== null) addNetworkDirectory(batch, networkDirectory);
  const parts = ['root', ...systemDirectories(spec, host)];
  if (dataDirectory !== null) addDirectories(batch, dataDirectory, parts);
  const directories = batch.steps.length;
  cgroups.addTo(batch);
  const late = entersLate(cgroups);
  return {
    stateDirectory,
    dataDirectory,
    cgroups,
    deviceRules,
    batch,
    stepsBeforePlan: late ? claim : batch.steps.length,
    stepsBeforeTrees: late ? directories : batch.steps.length,
    renewal:
      dataDirectory === null
        ? []
        : parts.map((part) => ({
            op: 'remove-tree',
            path: path.join(dataDirectory, 'work', part, 'work'),
            optional: true,
          })),
    lockStep,
    leftovers: { cgroups: cgroups.directories, dataDirectory, networkDirectory, stateDirectory },
    network,
    record,
  };
}

/**
 * On v2 init is born in its group. Into a group of v1 it may write itself as who it is by then: in a user namespace
 * somebody whom only root may move.
 */
function entersLate({ unified }: CgroupPlan): boolean {
  return !unified && process.getuid?.() === 0;
}

/** Names of others on the network; its file is there before init makes it the container's /etc/hosts. */
function addNetworkDirectory(batch: FileBatch, directory: string): void {
  batch.add({ op: 'ensure-directory', path: path.dirname(directory), mode: 0o711 });
  batch.add({ op: 'mkdir', path: directory, mode: 0o711 });
  batch.add({ op: 'replace', path: path.join(directory, 'hosts'), text: '' });
}

/** Upper and work directories: for a root on the host's system directories, one work directory for each part. */
function addDirectories(batch: FileBatch, directory: string, parts: readonly string[]): void {
  batch.add({ op: 'mkdir', path: directory, mode: 0o700 });
  // The root directory itself, seen from inside: readable by all.
  batch.add({ op: 'mkdir', path: path.join(directory, 'upper'), mode: 0o755 });
  batch.add({ op: 'mkdir', path: path.join(directory, 'work'), mode: 0o700 });
  for (const part of parts.slice(1))
    batch.add({ op: 'mkdir', path: path.join(directory, 'upper', part), mode: 0o755 });
  for (const part of parts) batch.add({ op: 'mkdir', path: path.join(directory, 'work', part), mode: 0o700 });
}

function systemDirectories({ root }: ContainerSpec, { system }: HostView): string[] {
  if (!liesOnHost(root)) return [];
  return system.flatMap((entry) => (entry.kind === 'directory' ? [entry.path.slice(1)] : []));
}

/** What a container holds on the host from its making to its destruction, whether it runs or not. */
export class Resources {
  readonly plan: ResourcePlan;
  readonly cgroup: Cgroup;
  readonly lock: number;
  readonly #native: Native;

  private constructor(native: Native, plan: ResourcePlan, cgroup: Cgroup, lock: number) {
    this.#native = native;
    this.plan = plan;
    this.cgroup = cgroup;
    this.lock = lock;
  }

  /**
   * Takes over what the plan's steps made. Once for each plan.
   * @throws ContainervError when a limit that was asked for is not held, on memory or on devices
   */
  static hold(native: Native, plan: ResourcePlan, spec: Pick<ContainerSpec, 'devices'>): Resources {
    const made = plan.cgroups.outcome(plan.batch);
    const deviceFilter = ensureDeviceFilter(native, spec, plan.deviceRules, made);
    return new Resources(native, plan, { ...made, deviceFilter }, plan.batch.result(plan.lockStep).fd);
  }

  /** Those of a container that is there already. */
  static adopt(native: Native, plan: ResourcePlan, cgroup: Cgroup, lock: number): Resources {
    return new Resources(native, plan, cgroup, lock);
  }

  /** Writes down for other processes whether the container is stopped. */
  async describe(stopped: boolean): Promise<void> {
    const { record, stateDirectory } = this.plan;
    const discarded = stopped && (await readStateFile(stateDirectory))?.discarded === true;
    await describeStopped(this.#native, stateDirectory, { ...record, discarded }, stopped);
  }

  /** The container has ended, to be started again perhaps: its address and ports are others' meanwhile. */
  async disconnect(): Promise<void> {
    await this.plan.network?.release();
  }

  /** Removes it all and gives the claim up; first waits for `init`, which must be ending, if there is one. */
  async release(init: number | undefined): Promise<void> {
    await releaseAll(this.#native, this.plan, init);
  }
}

/** Also for a plan whose steps were done in part. */
async function releaseAll(native: Native, plan: ResourcePlan, init?: number): Promise<void> {
  const removal = removalSteps(plan.leftovers);
  const { dataDirectory } = plan.leftovers;
  // What the container wrote is removed while the kernel takes it down; what it still adds meanwhile, afterwards.
  const early: FileStep[] = [
    ...endSteps(plan.cgroups.groups),
    ...(dataDirectory === null ? [] : [{ op: 'remove-tree', path: dataDirectory, optional: true } as const]),
  ];
  const [results] = await Promise.all([
    init === undefined
      ? native.files(removal.encoded)
      : native.reap(init, encodeFileSteps(early), removal.encoded),
    plan.network?.release(),
  ]);
  await finishRemoval(native, removal, results);
  giveUpClaim(native, plan);
}

/** Of a container that never was, which nobody can destroy again: what cannot be removed now is left to a prune. */
export async function abandonAll(native: Native, plan: ResourcePlan, init?: number): Promise<void> {
  try {
    await releaseAll(native, plan, init);
  } catch (error) {
    giveUpClaim(native, plan);
    throw error;
  }
}

function giveUpClaim(native: Native, plan: ResourcePlan): void {
  const fds = [plan.lockStep, plan.cgroups.openStep].map((step) =>
    step < 0 ? -1 : plan.batch.result(step).fd,
  );
  native.closeInBackground(fds.filter((fd) => fd >= 0));
}

const marksRead = new Set<string>();

/**
 * Layers of changes that tools of root may have made, and whose marks an overlay in a user namespace does not read as
 * they are. Once in a program for each: layers do not change. What is lowest replaces nothing.
 */
function unreadMarks({ root, namespaces }: ContainerSpec): string[] {
  if (process.getuid?.() !== 0 || !namespaces.user) return [];
  const above = liesOnHost(root) ? rootLayers(root) : rootLayers(root).slice(1);
  const unread = above.flatMap(({ type, source }) =>
    type === 'image' || marksRead.has(source) ? [] : [source],
  );
  for (const source of unread) marksRead.add(source);
  return [...new Set(unread)];
}

/** The host directories that the root is made of. */
function rootSources({ root }: ContainerSpec): readonly string[] {
  if (root.kind === 'host') return [];
  if (root.kind === 'directory') return [root.path];
  // What an image is, mounting it tells.
  return root.layers.flatMap(({ type, source }) => (type === 'image' ? [] : [source]));
}

/**
 * What to do about a failed step: `'retry'` when somebody who cleans up removed the new directory before we had its
 * lock, otherwise an error, and whether the state directory is ours to remove.
 */
export function judgeFailure(
  failure: BatchFailure,
  { stateDirectory }: ResourcePlan,
  id: string,
  base: BaseDirectories,
): 'retry' | { readonly error: ContainervError; readonly ours: boolean } {
  if (failure.op === 'lock' && (failure.errno === EWOULDBLOCK || failure.errno === ENOENT)) return 'retry';
  if (failure.op === 'directory') return { error: rootError(failure), ours: false };
  if (failure.op === 'opaque-marks') {
    marksRead.clear();
    return { error: marksError(failure), ours: false };
  }
  const ours = failure.path !== stateDirectory;
  if (!ours && failure.errno === EEXIST) {
    const error = new ContainervError('ERR_CONTAINERV_EXISTS', `The id '${id}' is in use`, {
      step: PREPARE,
      path: stateDirectory,
      hint: `Choose another id, or remove that container: containerv rm -f ${id}`,
    });
    return { error, ours };
  }
  // Somebody removed a base directory under us: the next container makes it again.
  if (failure.errno === ENOENT) for (const directory of [base.state, base.data]) forgetDirectory(directory);
  const elsewhere =
    'CONTAINERV_STATE_DIR and CONTAINERV_DATA_DIR choose other places for what containers keep on the host.';
  const usual = usualHint(failure);
  const isPlace = usual === undefined || failure.errno === ENOSPC;
  const hint = isPlace ? [usual, elsewhere].filter((text) => text !== undefined).join(' ') : usual;
  return { error: systemError(failure, { what: 'Cannot make', hint }), ours };
}

function describeContainer(
  spec: ContainerSpec,
  confinement: Confinement,
  dataDirectory: string | null,
  layer: WritableLayer | null,
  { directories, groups }: CgroupPlan,
  network: PrivateNetwork | undefined,
): ResourcePlan['record'] {
  return {
    version: 1,
    id: spec.id,
    ownerPid: spec.detached ? null : process.pid,
    detached: spec.detached,
    createdAt: new Date().toISOString(),
    rootfs: spec.root.kind === 'directory' ? spec.root.path : spec.root.kind,
    policy: typeof spec.policy === 'string' ? spec.policy : spec.policy.name,
    network: spec.network.mode,
    networkToken: network?.token ?? null,
    dataDirectory,
    layer,
    cgroups: directories,
    groups,
    defaults: {
      cwd: spec.cwd,
      env: spec.env,
      user: spec.user,
      rlimits: spec.rlimits,
      cpuAffinity: spec.cpuAffinity,
      capabilities: confinement.capabilities.toString(16),
      filter: confinement.filterText,
    },
  };
}
