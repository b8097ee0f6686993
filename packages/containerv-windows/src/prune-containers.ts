import { win32 } from 'node:path';
import { type PrunedContainer, type PruneReport } from 'containerv-api';
import { machineIdOf } from './boot.js';
import { type HostComputeService, openHcs } from './hcs/open-hcs.js';
import type { SystemInfo } from './hcs/hcs-api.js';
import { type HostFacts, hostFacts } from './host-facts.js';
import { ownSystems, type RemovalInput, removeContainer, removeSystem } from './remove-container.js';
import { claimExisting, claimNew } from './state/claim.js';
import { type BaseDirectories, baseDirectories, ensureDirectories } from './state/directories.js';
import { containerIds, namesIn, ownerTag, readState } from './state/state-file.js';
import { contentOf, removeStorage } from './storage/container-storage.js';

/** Removes what owners that crashed left behind. A container that is alive, or that was stopped to be started again, stays. */
export async function pruneContainers(): Promise<PruneReport> {
  return prune(await openHcs(), baseDirectories(), hostFacts());
}

let pruned: Promise<unknown> | undefined;

/** The first container of a program clears what crashed ones left, its own predecessors' above all. */
export async function pruneOnce(
  service: HostComputeService,
  base: BaseDirectories,
  facts: HostFacts,
): Promise<void> {
  // What cannot be removed is told by pruneContainers(); it is no reason not to make another container.
  pruned ??= prune(service, base, facts).catch(() => {});
  await pruned;
}

async function prune(
  service: HostComputeService,
  base: BaseDirectories,
  facts: HostFacts,
): Promise<PruneReport> {
  const removed: PrunedContainer[] = [];
  const failed: { id: string; message: string }[] = [];
  const owner = ownerTag(base);
  const attempt = async (id: string, step: (released: string[]) => Promise<unknown>): Promise<void> => {
    const released: string[] = [];
    try {
      await step(released);
    } catch (error) {
      failed.push({ id, message: error instanceof Error ? error.message : String(error) });
    }
    if (released.length > 0) removed.push({ id, released });
  };
  // In this order: what has a system had a description before.
  const systems = await ownSystems(service.hcs, owner);
  const described = await containerIds(base);
  for (const id of described) {
    const input = { service, owner, facts, dataDirectory: win32.join(base.data, id) };
    await attempt(id, async (released) =>
      removeDead(input, win32.join(base.state, id), id, systems, released),
    );
  }
  const bare = [...systems.keys()].map((id) => id.replace(/@vm$/, ''));
  for (const id of new Set([...bare, ...(await namesIn(base.data))])) {
    if (described.includes(id)) continue;
    await attempt(id, async (released) => removeBare(service, base, id, systems, released));
  }
  return { removed, failed };
}

/**
 * Removes a container that nobody is responsible for and that is not to be kept.
 * @param systems those of our tag, by id
 */
export async function removeDead(
  input: RemovalInput,
  directory: string,
  id: string,
  systems: ReadonlyMap<string, SystemInfo>,
  released: string[],
): Promise<'alive' | 'removed'> {
  const claim = await claimExisting(directory);
  if (claim === 'held') return 'alive';
  if (claim === 'gone') return 'removed';
  const record = await readState(directory, id);
  if (record !== undefined && record.spec.detached && (record.stopped || systems.has(id))) {
    await claim.release();
    return 'alive';
  }
  try {
    if (record === undefined) {
      await removeStorage(input.service.storage, input.dataDirectory);
      await claim.remove();
      released.push(`state ${directory}`);
    } else await removeContainer(input, record, claim, released);
  } catch (error) {
    await claim.release().catch(() => {});
    throw error;
  }
  return 'removed';
}

/** What is there without a description: a directory of layers, or systems. */
async function removeBare(
  service: HostComputeService,
  base: BaseDirectories,
  id: string,
  systems: ReadonlyMap<string, SystemInfo>,
  released: string[],
): Promise<void> {
  const hasSystem = systems.has(id) || systems.has(machineIdOf(id));
  if (!hasSystem && (await contentOf(win32.join(base.data, id))) !== 'own') return;
  await ensureDirectories(base);
  // Nobody makes one of this id meanwhile.
  const claim = await claimNew(win32.join(base.state, id));
  if (claim === 'exists') return;
  try {
    for (const each of [id, machineIdOf(id)]) {
      if (systems.has(each) && (await removeSystem(service.hcs, each))) {
        released.push(`compute system ${each}`);
      }
    }
    const directory = win32.join(base.data, id);
    if ((await contentOf(directory)) === 'own') {
      await removeStorage(service.storage, directory);
      released.push(`layer ${directory}`);
    }
  } finally {
    await claim.remove();
  }
}
