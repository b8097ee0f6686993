import { win32 } from 'node:path';
import type { ContainerInfo, ContainerState } from 'containerv-api';
import { machineIdOf } from './boot.js';
import type { SystemInfo } from './hcs/hcs-api.js';
import { openHcs } from './hcs/open-hcs.js';
import { ownSystems } from './remove-container.js';
import { isClaimed } from './state/claim.js';
import { baseDirectories } from './state/directories.js';
import { containerIds, ownerTag, readState } from './state/state-file.js';

/** All containers of this user, the stopped and the crashed included, oldest first. */
export async function listContainers(): Promise<ContainerInfo[]> {
  const base = baseDirectories();
  const ids = await containerIds(base);
  // A machine without any need not have the service.
  if (ids.length === 0) return [];
  const systems = await ownSystems((await openHcs()).hcs, ownerTag(base));
  const found = await Promise.all(ids.map(async (id) => describe(win32.join(base.state, id), id, systems)));
  return found
    .filter((info) => info !== undefined)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

async function describe(
  directory: string,
  id: string,
  systems: ReadonlyMap<string, SystemInfo>,
): Promise<ContainerInfo | undefined> {
  const record = await readState(directory, id);
  if (record === undefined) return undefined;
  const { spec, stopped } = record;
  const { root, policy } = spec;
  return {
    id,
    state: stateOf(id, systems) ?? (!stopped && (await isClaimed(directory)) ? 'created' : 'stopped'),
    guest: spec.windows?.containerType ?? 'windows',
    // Process 1 of a container is Windows' own, and no process of the host.
    initPid: null,
    ownerPid: spec.detached ? null : record.ownerPid,
    detached: spec.detached,
    createdAt: new Date(record.createdAt),
    rootfs: root.kind === 'directory' ? root.path : root.kind,
    policy: typeof policy === 'string' ? policy : policy.name,
  };
}

/** As HCS has it; `undefined`: it has none. */
export function stateOf(id: string, systems: ReadonlyMap<string, SystemInfo>): ContainerState | undefined {
  const states = [systems.get(id)?.state, systems.get(machineIdOf(id))?.state];
  if (states[0] === undefined || states[0] === 'Stopped') return undefined;
  if (states.includes('Paused')) return 'paused';
  return states[0] === 'Created' ? 'created' : 'running';
}
