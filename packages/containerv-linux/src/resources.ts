import path from 'node:path';
import { type ContainerSpec, ContainervError } from 'containerv-api';
import { type Cgroup, type CgroupPlan, planCgroup } from './cgroup/cgroup.js';
import type { Confinement } from './confinement.js';
import { FileBatch } from './file-batch.js';
import { removeLeftovers } from './leftovers.js';
import type { Native } from './native.js';
import type { HostView } from './plan/host-view.js';
import type { WritableDirectories } from './plan/root-operations.js';
import { type Claim, lockFile } from './state/claim.js';
import { type BaseDirectories, ensurePrivateDirectory, forgetDirectory } from './state/directories.js';
import { type StateRecord, stateFile } from './state/state-file.js';
import { systemError } from './system-error.js';
import type { UndoStack } from './undo-stack.js';

const ENOENT = 2;
const EWOULDBLOCK = 11;
const EEXIST = 17;
const MAX_ATTEMPTS = 100;

/** What a container holds on the host from its making to its destruction, whether it runs or not. */
export interface Resources {
  readonly claim: Claim;
  readonly cgroup: Cgroup;
  readonly directories: WritableDirectories | undefined;
  /** Writes the container's description for other processes. */
  describe(now: { readonly initPid: number | null; readonly stopped: boolean }): Promise<void>;
  /** Removes it all and gives the claim up. Nothing may run any more. */
  release(): Promise<void>;
}

/** Takes hold of everything a container needs on the host; `undo` takes it back. */
export async function acquireResources(
  native: Native,
  spec: ContainerSpec,
  confinement: Confinement,
  base: BaseDirectories,
  host: HostView,
  undo: UndoStack,
): Promise<Resources> {
  const dataDirectory = spec.writable === 'overlay' ? path.join(base.data, spec.id) : null;
  const cgroups = planCgroup(spec.id, spec.limits);
  const stateDirectory = path.join(base.state, spec.id);
  await ensurePrivateDirectory(base.state);
  if (dataDirectory !== null) await ensurePrivateDirectory(base.data);
  const record = describeContainer(spec, confinement, dataDirectory, cgroups.directories);
  const { batch, lock } = await makeAll(
    native,
    spec,
    { base, stateDirectory, dataDirectory, cgroups, record, host },
    undo,
  );
  const leftovers = { cgroups: cgroups.directories, dataDirectory, stateDirectory };
  const release = async (): Promise<void> => {
    await removeLeftovers(native, leftovers);
    native.close(lock);
  };
  undo.push(release);
  const cgroup = cgroups.outcome(batch);
  if (cgroup.fd >= 0) undo.push(() => native.close(cgroup.fd));
  return {
    claim: { directory: stateDirectory, lock },
    cgroup,
    directories:
      dataDirectory === null
        ? undefined
        : { upper: path.join(dataDirectory, 'upper'), work: path.join(dataDirectory, 'work') },
    async describe(now) {
      const update = new FileBatch();
      const current: StateRecord = {
        ...record,
        ...now,
        cgroup: { cgroup: cgroup.version, limits: cgroup.limits },
      };
      update.add({ op: 'replace', path: stateFile(stateDirectory), text: JSON.stringify(current) });
      const failure = await update.run(native, 'describe container');
      if (failure !== undefined) throw systemError(failure, { what: 'Cannot write' });
    },
    async release() {
      await release();
      if (cgroup.fd >= 0) native.close(cgroup.fd);
    },
  };
}

interface Places {
  readonly base: BaseDirectories;
  readonly stateDirectory: string;
  readonly dataDirectory: string | null;
  readonly cgroups: CgroupPlan;
  readonly record: Omit<StateRecord, 'initPid' | 'stopped' | 'cgroup'>;
  readonly host: HostView;
}

/**
 * Who cleans up takes the lock exclusively before removing a directory, and may do so between our making and locking
 * it; then we start over.
 */
async function makeAll(
  native: Native,
  spec: ContainerSpec,
  places: Places,
  undo: UndoStack,
): Promise<{ readonly batch: FileBatch; readonly lock: number }> {
  const { base, stateDirectory, dataDirectory, cgroups, record } = places;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const batch = new FileBatch();
    batch.add({ op: 'mkdir', path: stateDirectory, mode: 0o700 });
    const lock = batch.add({ op: 'lock', path: lockFile(stateDirectory), exclusive: false });
    // Before anything else, so that whoever cleans up after us knows what we were about to make.
    const text = JSON.stringify({ ...record, initPid: null, stopped: false, cgroup: null });
    batch.add({ op: 'replace', path: stateFile(stateDirectory), text });
    cgroups.addTo(batch);
    if (dataDirectory !== null) addDirectories(batch, spec, dataDirectory, places.host);
    const failure = await batch.run(native, 'prepare container');
    if (failure === undefined) return { batch, lock: batch.result(lock).fd };
    if (failure.op === 'lock' && (failure.errno === EWOULDBLOCK || failure.errno === ENOENT)) continue;
    if (failure.path === stateDirectory && failure.errno === EEXIST) throw inUse(spec.id, stateDirectory);
    if (failure.errno === ENOENT) for (const directory of [base.state, base.data]) forgetDirectory(directory);
    const held = batch.result(lock).fd;
    if (held >= 0) undo.push(() => native.close(held));
    if (failure.path !== stateDirectory) {
      undo.push(async () => {
        await removeLeftovers(native, { cgroups: cgroups.directories, dataDirectory, stateDirectory });
      });
    }
    throw systemError(failure, {
      what: 'Cannot make',
      hint: 'CONTAINERV_STATE_DIR and CONTAINERV_DATA_DIR choose other places for what containers keep on the host.',
    });
  }
  throw new ContainervError(
    'ERR_CONTAINERV_STATE',
    `The directory of '${spec.id}' is removed as often as it is made`,
    {
      step: 'prepare container',
      path: stateDirectory,
    },
  );
}

/** Upper and work directories: for a root on the host's system directories, one work directory for each of those. */
function addDirectories(batch: FileBatch, spec: ContainerSpec, directory: string, host: HostView): void {
  batch.add({ op: 'mkdir', path: directory, mode: 0o700 });
  // The root directory itself, seen from inside: readable by all.
  batch.add({ op: 'mkdir', path: path.join(directory, 'upper'), mode: 0o755 });
  batch.add({ op: 'mkdir', path: path.join(directory, 'work'), mode: 0o700 });
  const parts =
    spec.root.kind === 'host'
      ? host.system.flatMap((entry) => (entry.kind === 'directory' ? [entry.path.slice(1)] : []))
      : ['root'];
  for (const part of parts) batch.add({ op: 'mkdir', path: path.join(directory, 'work', part), mode: 0o700 });
}

function inUse(id: string, directory: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_EXISTS', `The id '${id}' is in use`, {
    step: 'prepare container',
    path: directory,
    hint: `Choose another id, or remove that container: containerv rm -f ${id}`,
  });
}

function describeContainer(
  spec: ContainerSpec,
  confinement: Confinement,
  dataDirectory: string | null,
  cgroups: readonly string[],
): Omit<StateRecord, 'initPid' | 'stopped' | 'cgroup'> {
  return {
    version: 1,
    id: spec.id,
    ownerPid: spec.detached ? null : process.pid,
    detached: spec.detached,
    createdAt: new Date().toISOString(),
    rootfs: spec.root.kind === 'directory' ? spec.root.path : spec.root.kind,
    policy: typeof spec.policy === 'string' ? spec.policy : spec.policy.name,
    network: spec.network.mode,
    dataDirectory,
    cgroups,
    defaults: {
      cwd: spec.cwd,
      env: spec.env,
      user: spec.user,
      rlimits: spec.rlimits,
      capabilities: confinement.capabilities.toString(16),
      filter: Buffer.from(confinement.filter).toString('base64'),
    },
  };
}
