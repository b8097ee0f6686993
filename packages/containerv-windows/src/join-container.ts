import { win32 } from 'node:path';
import { checkContainerId, type Container, ContainervError, nearestName, UndoStack } from 'containerv-api';
import { machineIdOf } from './boot.js';
import { WindowsContainer } from './container.js';
import type { HcsSystem } from './hcs/hcs-api.js';
import { openHcs } from './hcs/open-hcs.js';
import { type HostFacts, hostFacts } from './host-facts.js';
import { stateOf } from './list-containers.js';
import { LiveContainer } from './live-container.js';
import { ownSystems } from './remove-container.js';
import type { Runtime } from './runtime.js';
import { baseDirectories } from './state/directories.js';
import { containerIds, ownerTag, readState, type StateRecord } from './state/state-file.js';

/**
 * Attaches to a container of this user from any process.
 * @throws ContainervError `ERR_CONTAINERV_NOT_FOUND`
 */
export async function joinContainer(id: string): Promise<Container> {
  return joinOn(hostFacts(), id);
}

/** On a machine like this one. */
export async function joinOn(facts: HostFacts, id: string): Promise<Container> {
  const base = baseDirectories();
  const directory = win32.join(base.state, checkContainerId(id));
  const record = await readState(directory, id);
  if (record === undefined) throw await notFound(id);
  const service = await openHcs();
  const owner = ownerTag(base);
  const systems = await ownSystems(service.hcs, owner);
  const state = stateOf(id, systems);
  const open = async (name: string): Promise<HcsSystem> => service.hcs.open(name);
  const runtime =
    state === undefined
      ? undefined
      : await attach(open, id, systems.has(machineIdOf(id)) ? machineIdOf(id) : undefined, record);
  const boot = {
    spec: record.spec,
    storage: record.storage,
    facts,
    service,
    owner,
    dataDirectory: win32.join(base.data, id),
  };
  return new WindowsContainer(
    new LiveContainer({ boot, directory, record, claim: undefined, runtime, paused: state === 'paused' }),
  );
}

/** Handles of our own, and nothing to take down but those. */
async function attach(
  open: (name: string) => Promise<HcsSystem>,
  id: string,
  machineId: string | undefined,
  record: StateRecord,
): Promise<Runtime | undefined> {
  const undo = new UndoStack();
  try {
    const system = await open(id);
    undo.push(async () => system.close());
    const machine = machineId === undefined ? undefined : await open(machineId);
    if (machine !== undefined) undo.push(async () => machine.close());
    return {
      system,
      machine,
      exited: Promise.race([system.exited, ...(machine === undefined ? [] : [machine.exited])]),
      enforced: record.enforced ?? {
        seccomp: false,
        landlock: false,
        bpfLsm: false,
        socketBroker: false,
        noNewPrivileges: false,
        capabilities: [],
        namespaces: [],
        userNamespace: false,
        cgroup: false,
        limits: {},
        deviceFilter: false,
        network: record.spec.network.mode,
        isolation: record.spec.windows?.isolation ?? 'hyperv',
      },
      endpointId: record.endpointId,
      network: undefined,
      warnings: [],
      undo,
    };
  } catch (error) {
    await undo.run();
    // It has ended since it was listed.
    if (error instanceof ContainervError && error.code === 'ERR_CONTAINERV_NOT_FOUND') return undefined;
    throw error;
  }
}

async function notFound(id: string): Promise<ContainervError> {
  const nearest = nearestName(id, await containerIds(baseDirectories()));
  return new ContainervError('ERR_CONTAINERV_NOT_FOUND', `There is no container '${id}'`, {
    hint: nearest === undefined ? 'See what there is: containerv ps' : `Did you mean '${nearest}'?`,
  });
}
