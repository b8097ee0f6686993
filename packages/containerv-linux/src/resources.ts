import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type ContainerSpec, ContainervError, type Enforced } from 'containerv-api';
import { type Cgroup, cgroupDirectories, createCgroup } from './cgroup/cgroup.js';
import type { Confinement } from './confinement.js';
import { removeLeftovers } from './leftovers.js';
import type { Native } from './native.js';
import type { WritableDirectories } from './plan/root-operations.js';
import { viewHost } from './plan/host-view.js';
import { type Claim, claimNew } from './state/claim.js';
import { type BaseDirectories, ensurePrivateDirectory } from './state/directories.js';
import { type StateRecord, writeStateFile } from './state/state-file.js';
import type { UndoStack } from './undo-stack.js';

/** What a container holds on the host from its making to its destruction, whether it runs or not. */
export interface Resources {
  readonly claim: Claim;
  readonly cgroup: Cgroup;
  readonly directories: WritableDirectories | undefined;
  /** Writes the container's description for other processes. */
  describe(now: {
    readonly initPid: number | null;
    readonly stopped: boolean;
    readonly enforced: Enforced | null;
  }): Promise<void>;
  /** Removes it all and gives the claim up. Nothing may run any more. */
  release(): Promise<void>;
}

/** Takes hold of everything a container needs on the host; `undo` takes it back. */
export async function acquireResources(
  native: Native,
  spec: ContainerSpec,
  confinement: Confinement,
  base: BaseDirectories,
  undo: UndoStack,
): Promise<Resources> {
  const wantsData = spec.writable === 'overlay';
  const dataDirectory = wantsData ? path.join(base.data, spec.id) : null;
  const cgroups = cgroupDirectories(spec.id, spec.limits);
  await ensurePrivateDirectory(base.state);
  const claim = await claimNew(native, base.state, spec.id);
  const leftovers = { cgroups, dataDirectory, stateDirectory: claim.directory };
  undo.push(() => native.close(claim.lock));
  undo.push(async () => {
    await removeLeftovers(native, leftovers);
  });
  const record = describeContainer(spec, confinement, dataDirectory, cgroups);
  const describe: Resources['describe'] = async (now) =>
    writeStateFile(claim.directory, { ...record, ...now });
  // First, so that whoever cleans up after us knows what we were about to make.
  await describe({ initPid: null, stopped: false, enforced: null });
  const [directories, cgroup] = await Promise.all([
    dataDirectory === null ? undefined : makeDirectories(spec, base.data, dataDirectory),
    createCgroup(spec.id, spec.limits),
  ]);
  return {
    claim,
    cgroup,
    directories,
    describe,
    async release() {
      await cgroup.handle?.close();
      await removeLeftovers(native, leftovers);
      native.close(claim.lock);
    },
  };
}

/** Upper and work directories: for a root on the host's system directories, one work directory for each of those. */
async function makeDirectories(
  spec: ContainerSpec,
  base: string,
  directory: string,
): Promise<WritableDirectories> {
  await ensurePrivateDirectory(base);
  const upper = path.join(directory, 'upper');
  const work = path.join(directory, 'work');
  const parts =
    spec.root.kind === 'host'
      ? viewHost().system.flatMap(({ path: part, kind }) => (kind === 'directory' ? [part.slice(1)] : []))
      : ['root'];
  try {
    await mkdir(directory, { mode: 0o700 });
    // The root directory itself, seen from inside: readable by all.
    await mkdir(upper, { mode: 0o755 });
    await mkdir(work, { mode: 0o700 });
    await Promise.all(parts.map(async (part) => mkdir(path.join(work, part), { mode: 0o700 })));
  } catch (cause) {
    const { code: errno, path: at, syscall } = cause as NodeJS.ErrnoException;
    throw new ContainervError('ERR_CONTAINERV_SYSTEM', 'Cannot make', {
      step: 'make data directory',
      syscall,
      errno,
      path: at,
      hint: 'CONTAINERV_DATA_DIR chooses another place for what containers write.',
      cause,
    });
  }
  return { upper, work };
}

function describeContainer(
  spec: ContainerSpec,
  confinement: Confinement,
  dataDirectory: string | null,
  cgroups: readonly string[],
): Omit<StateRecord, 'initPid' | 'stopped' | 'enforced'> {
  return {
    version: 1,
    id: spec.id,
    ownerPid: spec.detached ? null : process.pid,
    detached: spec.detached,
    createdAt: new Date().toISOString(),
    rootfs: spec.root.kind === 'directory' ? spec.root.path : spec.root.kind,
    policy: typeof spec.policy === 'string' ? spec.policy : spec.policy.name,
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
