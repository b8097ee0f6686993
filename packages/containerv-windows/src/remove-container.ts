import { disconnect, openHns } from 'containerv-hns';
import { type BootInput, machineIdOf } from './boot.js';
import { guestOf } from './documents/guest.js';
import { enumerateQuery } from './documents/requests.js';
import type { HcsApi, SystemInfo } from './hcs/hcs-api.js';
import { isNotFound } from './hresult.js';
import { isHresult } from './native/library.js';
import type { Claim } from './state/claim.js';
import { type StateRecord, writeState } from './state/state-file.js';
import { removeStorage, scratchOf } from './storage/container-storage.js';
import { endSystem } from './systems.js';
import { endExport } from './snapshot/exported-layer.js';
import { detachVolumes } from './volumes/attach-volumes.js';

/** Where a container's parts are found by its id. */
export type RemovalInput = Pick<BootInput, 'service' | 'dataDirectory' | 'owner' | 'facts'>;

/** The systems of this directory's containers, by id. */
export async function ownSystems(hcs: HcsApi, owner: string): Promise<ReadonlyMap<string, SystemInfo>> {
  const systems = await hcs.enumerate(enumerateQuery(owner));
  // Asked for, and made sure of: what others own is not touched, whatever the service answers.
  return new Map(systems.filter((system) => system.owner === owner).map((system) => [system.id, system]));
}

/** Ends what is left of a system by its id; `false`: there is none. */
export async function removeSystem(hcs: HcsApi, id: string): Promise<boolean> {
  try {
    await endSystem(await hcs.open(id));
    return true;
  } catch (error) {
    if (isHresult(error, isNotFound)) return false;
    throw error;
  }
}

/** Takes down what a container has while it runs, whoever started it. @param released what was, for people */
export async function releaseRuntime(
  { service, dataDirectory, owner, facts }: RemovalInput,
  { spec, storage, stopped }: Pick<StateRecord, 'spec' | 'storage' | 'stopped'>,
  released: string[],
): Promise<void> {
  const systems = await ownSystems(service.hcs, owner);
  // First the container, then the machine that it is in.
  for (const id of [spec.id, machineIdOf(spec.id)]) {
    if (systems.has(id) && (await removeSystem(service.hcs, id))) released.push(`compute system ${id}`);
  }
  if (storage.kind === 'windowsfilter') await endExport(service, dataDirectory);
  if (stopped) return;
  await detachVolumes(service, spec, guestOf(spec, facts.build));
  if (spec.network.mode === 'private') {
    await disconnect(await openHns(), spec.id);
    released.push(`endpoint chef-${spec.id}`);
  }
  if (storage.kind === 'windowsfilter' && guestOf(spec, facts.build).isolation === 'process') {
    // It may not have come that far; a layer that is still mounted cannot be destroyed, which tells.
    await service.storage.unmount(scratchOf(dataDirectory)).then(
      () => released.push(`mounted layer ${scratchOf(dataDirectory)}`),
      () => {},
    );
  }
}

/** Removes everything that there is of a container; its description last, so that what fails is found again. */
export async function removeContainer(
  input: RemovalInput,
  record: StateRecord,
  claim: Claim,
  released: string[],
): Promise<void> {
  await releaseRuntime(input, record, released);
  // Whoever goes on after a failure finds nothing of that any more.
  if (!record.stopped) await writeState(claim.directory, { ...record, stopped: true });
  await removeStorage(input.service.storage, input.dataDirectory);
  released.push(`layer ${input.dataDirectory}`);
  await claim.remove();
  released.push(`state ${claim.directory}`);
}
