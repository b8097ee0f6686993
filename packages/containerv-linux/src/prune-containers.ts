import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isContainervError, type PrunedContainer, type PruneReport } from 'containerv-api';
import { FileBatch } from './file-batch.js';
import { encodeFileSteps } from './file-steps.js';
import { endSteps } from './freeze.js';
import { removeLeftovers } from './leftovers.js';
import { sweepStaging } from './layers/staging.js';
import { REGISTRY } from './network/names.js';
import { releaseDead, sweepNetworks } from './network/sweep-networks.js';
import { type Native, native } from './native.js';
import { lockExclusive } from './state/claim.js';
import { type BaseDirectories, ownDirectories } from './state/directories.js';
import { initPidFile, readStateFile } from './state/state-file.js';

/** Removes what owners that crashed left behind. A container that is alive, or that was stopped to be started again, stays. */
export async function pruneContainers(): Promise<PruneReport> {
  return prune(native(), await ownDirectories());
}

let pruned: Promise<unknown> | undefined;

/** The first container of a program clears what crashed ones left, its own predecessors' above all. */
export async function pruneOnce(addon: Native, base: BaseDirectories): Promise<void> {
  // What cannot be removed is told by pruneContainers(); it is no reason not to make another container.
  pruned ??= prune(addon, base).catch(() => {});
  await pruned;
}

async function prune(addon: Native, base: BaseDirectories): Promise<PruneReport> {
  const removed: PrunedContainer[] = [];
  const failed: { id: string; message: string }[] = [];
  for (const id of await containerIds(base)) {
    try {
      const released = await removeDead(addon, base, id, { evenStopped: false });
      if (Array.isArray(released)) removed.push({ id, released });
    } catch (error) {
      failed.push({ id, message: isContainervError(error) ? error.message : String(error) });
    }
  }
  const staged = await sweepStaging(addon, base.data);
  removed.push(...staged.removed);
  failed.push(...staged.failed);
  // Also what containers left whose state directories are gone, or somewhere else.
  if (existsSync(REGISTRY) && process.getuid?.() === 0) await sweepNetworks(addon);
  return { removed, failed };
}

/** @returns what was released; `'gone'`: there was nothing; `undefined`: it is alive, or stopped and to be kept. */
export async function removeDead(
  addon: Native,
  base: BaseDirectories,
  id: string,
  { evenStopped }: { readonly evenStopped: boolean },
): Promise<string[] | 'gone' | undefined> {
  const claim = await lockExclusive(addon, path.join(base.state, id));
  if (claim === 'held') return undefined;
  if (claim === 'gone') return 'gone';
  try {
    const record = await readStateFile(claim.directory);
    const kept = record !== undefined && record.stopped && record.detached && record.discarded !== true;
    if (kept && !evenStopped) return undefined;
    const known = record !== undefined && record.id === id;
    // The lock is free as soon as init is dying; its control groups only when the last process is dead.
    if (known) await addon.files(encodeFileSteps(endSteps(record.groups)));
    if (known && record.cgroups.length > 0) await awaitInitExit(addon, claim.directory, id);
    const token = known ? record.networkToken : null;
    if (token !== null) await releaseDead(addon, token);
    return await removeLeftovers(addon, {
      networkDirectory: token === null ? null : path.join(REGISTRY, token),
      cgroups: known ? record.cgroups : [],
      // Only ever a directory that carries the container's own name.
      dataDirectory:
        known && record.dataDirectory !== null && path.basename(record.dataDirectory) === id
          ? record.dataDirectory
          : null,
      stateDirectory: claim.directory,
    });
  } finally {
    addon.close(claim.lock);
  }
}

/** Also a container whose owner has died this very moment, so that its init is about to. */
export async function removeCrashed(
  addon: Native,
  base: BaseDirectories,
  id: string,
): Promise<string[] | 'gone' | undefined> {
  const directory = path.join(base.state, id);
  const record = await readStateFile(directory);
  const owner = record?.ownerPid ?? null;
  if (owner !== null && !isAlive(owner)) await awaitInitExit(addon, directory, id);
  return removeDead(addon, base, id, { evenStopped: false });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Init gives up its lock and its sockets before the kernel has taken down what it kept. */
export async function awaitInitExit(addon: Native, directory: string, id: string): Promise<void> {
  const batch = new FileBatch();
  batch.add({ op: 'await-exit', path: initPidFile(directory), text: id, optional: true });
  await batch.run(addon, 'wait for init');
}

export async function containerIds(base: BaseDirectories): Promise<string[]> {
  try {
    const entries = await readdir(base.state, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
