import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerInfo } from 'containerv-api';
import { freezerOf } from './cgroup/groups.js';
import { native } from './native.js';
import { containerIds } from './prune-containers.js';
import { lockExclusive } from './state/claim.js';
import { ownDirectories } from './state/directories.js';
import { readInitPid, readStateFile, type StateRecord } from './state/state-file.js';

/** All containers of this user, the stopped and the crashed included, oldest first. */
export async function listContainers(): Promise<ContainerInfo[]> {
  const base = await ownDirectories();
  const found = await Promise.all(
    (await containerIds(base)).map(async (id) => describe(path.join(base.state, id))),
  );
  return found
    .filter((info) => info !== undefined)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

async function describe(directory: string): Promise<ContainerInfo | undefined> {
  const record = await readStateFile(directory);
  if (record === undefined) return undefined;
  const addon = native();
  const claim = await lockExclusive(addon, directory);
  if (typeof claim === 'object') addon.close(claim.lock);
  const alive = claim === 'held';
  return toInfo(record, alive ? await readInitPid(directory) : null, alive, await isFrozen(record));
}

/** As the kernel has it: whoever paused it. */
async function isFrozen({ groups }: StateRecord): Promise<boolean> {
  const freezer = freezerOf(groups);
  if (freezer === undefined) return false;
  const state = await readFile(freezer.file, 'utf8').catch(() => '');
  return state.trim() === freezer.frozen;
}

function toInfo(record: StateRecord, initPid: number | null, alive: boolean, frozen: boolean): ContainerInfo {
  const running = alive && !record.stopped && initPid !== null;
  return {
    id: record.id,
    state: running ? (frozen ? 'paused' : 'running') : alive && !record.stopped ? 'created' : 'stopped',
    guest: 'linux',
    initPid: running ? initPid : null,
    ownerPid: record.ownerPid,
    detached: record.detached,
    createdAt: new Date(record.createdAt),
    rootfs: record.rootfs,
    policy: record.policy,
  };
}
