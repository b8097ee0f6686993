import { existsSync } from 'node:fs';
import path from 'node:path';
import { ContainervError } from 'containerv-api';
import { awaitReady, type Booted, startInit } from './boot.js';
import { requireBpfLsm } from './bpf-lsm/availability.js';
import type { ConfinedFiles } from './bpf-lsm/confined-files.js';
import type { Cgroup } from './cgroup/cgroup.js';
import { confine } from './confine.js';
import { resolvePolicy } from './confinement.js';
import { FileBatch } from './file-batch.js';
import { endSteps } from './freeze.js';
import { encodeFileSteps } from './file-steps.js';
import type { Native } from './native.js';
import { planResources, Resources } from './resources.js';
import { readBootFile } from './state/boot-file.js';
import { type Claim, lockExclusive } from './state/claim.js';
import type { BaseDirectories } from './state/directories.js';
import { describeStopped, readStateFile, type StateRecord } from './state/state-file.js';
import { systemError } from './system-error.js';

const STEP = 'start container';

/** A container that this program started and did not make. */
export interface Restarted {
  readonly booted: Booted;
  /** Waits for its init, which is ending. */
  readonly end: () => Promise<void>;
}

/**
 * Starts a stopped, detached container that nobody holds any more. The claim on it keeps out a second start and its
 * removal.
 */
export async function restart(native: Native, base: BaseDirectories, id: string): Promise<Restarted> {
  const directory = path.join(base.state, id);
  const claim = await lockExclusive(native, directory);
  if (claim === 'held') throw heldBySomebody(id);
  if (claim === 'gone') {
    throw new ContainervError('ERR_CONTAINERV_NOT_FOUND', `There is no container '${id}' any more`, {
      step: STEP,
    });
  }
  try {
    return await boot(native, base, id, claim);
  } catch (error) {
    native.close(claim.lock);
    throw error;
  }
}

async function boot(native: Native, base: BaseDirectories, id: string, claim: Claim): Promise<Restarted> {
  const record = await readStateFile(claim.directory);
  const saved = await readBootFile(claim.directory);
  if (record === undefined || saved === undefined || !record.detached) throw notRestartable(id);
  const { spec, host, ids } = saved;
  if (spec.bpfLsm) requireBpfLsm(native);
  if (spec.network.mode === 'private') throw networkGone(id);
  const confinement = confine(resolvePolicy(spec.policy), {
    network: spec.network.mode,
    sharesProcesses: !spec.namespaces.pid,
    landlockAbi: native.landlockAbi(),
  });
  const plan = planResources(spec, confinement, base, host);
  const cgroup = await openGroups(native, record, saved.cgroup);
  const input = { spec, confinement, host, plan, ids };
  const resources = Resources.adopt(native, plan, cgroup, claim.lock);
  const { init, error } = await startInit(native, input, resources);
  if (init === undefined) throw closing(native, cgroup, error);
  let files: ConfinedFiles | undefined;
  const reap = async (): Promise<void> => {
    init.kill();
    init.close();
    await native.reap(init.pid, encodeFileSteps(endSteps(record.groups)), encodeFileSteps([]));
    await files?.releaseIfEmpty();
    if (cgroup.fd >= 0) native.close(cgroup.fd);
  };
  try {
    const booted = await awaitReady(init, input, resources);
    files = booted.files;
    await describeStopped(native, claim.directory, { ...record, discarded: false }, false);
    // Init has the claim from here on, so that it ends when init does, whoever sees to what is left.
    native.close(claim.lock);
    return { booted, end: reap };
  } catch (failure) {
    init.kill();
    init.channel.close();
    await reap();
    throw failure;
  }
}

/** The groups that the container was made with, which stay while it is stopped. */
async function openGroups(
  native: Native,
  { groups }: StateRecord,
  { version, limits, deviceFilter, tasks }: Omit<Cgroup, 'fd'>,
): Promise<Cgroup> {
  const missing = tasks.find((file) => !existsSync(file));
  if (missing !== undefined) throw groupGone(path.dirname(missing));
  if (version !== 'v2' || groups.unified === null) return { version, limits, deviceFilter, tasks, fd: -1 };
  const batch = new FileBatch();
  const opened = batch.add({ op: 'open', path: groups.unified });
  const failure = await batch.run(native, STEP);
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot open the control group' });
  return { version, limits, deviceFilter, tasks, fd: batch.result(opened).fd };
}

function closing(native: Native, { fd }: Cgroup, error: unknown): unknown {
  if (fd >= 0) native.close(fd);
  return error;
}

function groupGone(directory: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'Somebody has removed the control group', {
    step: STEP,
    path: directory,
    hint: 'Its limits went with it. Remove the container, and create it anew.',
  });
}

/** Its interfaces and rules are kept by the record of who made it, and would be left behind. */
function networkGone(id: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Container '${id}' has a network of its own, which only its maker can set up again`,
    { step: STEP, hint: 'Remove it, and create it anew.' },
  );
}

function heldBySomebody(id: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_STATE',
    `Container '${id}' is held by a program that is still running`,
    {
      step: STEP,
      hint: 'The program that created it can start it; when that has ended, anybody can.',
    },
  );
}

function notRestartable(id: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_STATE',
    `Container '${id}' ends with the program that created it`,
    {
      step: STEP,
      hint: 'A container that was created with `detached: true` can be started by others.',
    },
  );
}
