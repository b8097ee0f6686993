import {
  ContainervError,
  type ContainerSpec,
  isContainervError,
  throwIfAborted,
  UndoStack,
} from 'containerv-api';
import { buildComputeSystem } from './documents/build-compute-system.js';
import { guestOf, type Guest } from './documents/guest.js';
import { buildHostedContainer, utilityVmSetup } from './documents/hosted-container.js';
import { enforcedOf } from './enforcement.js';
import type { HcsSystem } from './hcs/hcs-api.js';
import type { HostComputeService } from './hcs/open-hcs.js';
import type { HostFacts } from './host-facts.js';
import { limitProcesses } from './limit-processes.js';
import { ContainerLogs } from './logs/container-logs.js';
import { startInit } from './lcow/start-init.js';
import {
  attachToMachine,
  configureNetwork,
  joinNetwork,
  type JoinedNetwork,
} from './network/join-network.js';
import type { Runtime } from './runtime.js';
import {
  identifyAll,
  machineDiskOf,
  type PreparedStorage,
  scratchOf,
  stagingOf,
} from './storage/container-storage.js';
import { endExport } from './snapshot/exported-layer.js';
import { endSystem } from './systems.js';
import { attachVolumes } from './volumes/attach-volumes.js';
import type { WindowsHost } from './windows-host.js';

export interface BootInput {
  readonly spec: ContainerSpec;
  readonly facts: HostFacts;
  readonly service: HostComputeService;
  readonly storage: PreparedStorage;
  readonly dataDirectory: string;
  /** Tag of the systems. */
  readonly owner: string;
}

/** The virtual machine's own id: no container can have one like it. */
export function machineIdOf(id: string): string {
  return `${id}@vm`;
}

/** From a container's files to a running system that is ready for processes. Nothing is left when it rejects. */
export async function boot(input: BootInput): Promise<Runtime> {
  const undo = new UndoStack();
  try {
    return await bootSteps(input, undo);
  } catch (error) {
    throw withCleanupFailures(error, await undo.run());
  }
}

async function bootSteps(input: BootInput, undo: UndoStack): Promise<Runtime> {
  const { spec, facts } = input;
  const guest = guestOf(spec, facts.build);
  const proceed = (): void => throwIfAborted(spec.signal, 'create container');
  await new ContainerLogs(spec.id, input.dataDirectory).removeAll();
  const volumePath = await mountScratch(input, guest, undo);
  proceed();
  const network =
    spec.network.mode === 'private' ? await joinNetwork(spec, spec.network, guest, undo) : undefined;
  proceed();
  const volumes = await attachVolumes(spec, guest, undo);
  proceed();
  const host = { ...hostOf(input, guest, volumePath, network), volumes };
  const { system, machine } = await startSystems(input, host, guest, network, undo);
  proceed();
  const countsProcesses = await limitProcesses(input.service.jobs, spec, guest);
  if (guest.os === 'linux') await startInit(system, undo);
  const outcome = network === undefined ? {} : await configureNetwork(system, spec, network, guest);
  proceed();
  const { enforced, warnings } = await enforcedOf(system, spec, guest, outcome, countsProcesses);
  return {
    system,
    machine,
    exited: Promise.race([system.exited, ...(machine === undefined ? [] : [machine.exited])]),
    enforced,
    endpointId: network?.connection.endpoint.id ?? null,
    network,
    warnings,
    undo,
  };
}

async function mountScratch(
  { service, storage, dataDirectory }: BootInput,
  guest: Guest,
  undo: UndoStack,
): Promise<string | undefined> {
  if (storage.kind === 'linux') return undefined;
  await endExport(service, dataDirectory);
  if (guest.isolation === 'hyperv') return undefined;
  const scratch = scratchOf(dataDirectory);
  const layers = await identifyAll(
    service.storage,
    storage.layers.map(({ path }) => path),
  );
  const volume = await service.storage.mount(scratch, layers);
  undo.push(async () => service.storage.unmount(scratch));
  return volume;
}

function hostOf(
  { facts, storage, dataDirectory, owner }: BootInput,
  guest: Guest,
  volumePath: string | undefined,
  network: JoinedNetwork | undefined,
): WindowsHost {
  const connection = network?.connection;
  return {
    ...facts,
    owner,
    stagingPath: stagingOf(dataDirectory),
    storage:
      storage.kind === 'linux'
        ? storage
        : {
            ...storage,
            scratchPath: scratchOf(dataDirectory),
            volumePath,
            utilityVmScratchPath:
              guest.isolation === 'hyperv' && guest.schema === 'v2'
                ? machineDiskOf(dataDirectory)
                : undefined,
          },
    endpoints: connection !== undefined && guest.schema === 'v1' ? [connection.endpoint.id] : undefined,
    networkNamespace: connection?.namespaceId,
  };
}

async function startSystems(
  { spec, service, storage, dataDirectory }: BootInput,
  host: WindowsHost,
  guest: Guest,
  network: JoinedNetwork | undefined,
  undo: UndoStack,
): Promise<{ readonly system: HcsSystem; readonly machine: HcsSystem | undefined }> {
  const { hcs } = service;
  const make = async (id: string, document: Parameters<typeof hcs.create>[1]): Promise<HcsSystem> => {
    const system = await hcs.create(id, document);
    undo.push(async () => endSystem(system));
    throwIfAborted(spec.signal, 'create container');
    await system.start();
    return system;
  };
  if (guest.schema === 'v1' || guest.isolation === 'process') {
    return { system: await make(spec.id, buildComputeSystem(spec, host)), machine: undefined };
  }
  const machineId = machineIdOf(spec.id);
  if (storage.kind === 'windowsfilter') {
    const scratch = `${scratchOf(dataDirectory)}\\sandbox.vhdx`;
    for (const disk of [machineDiskOf(dataDirectory), scratch]) {
      await service.storage.grantAccess(machineId, disk);
    }
    for (const { diskPath } of host.volumes ?? []) {
      await service.storage.grantAccess(machineId, diskPath);
      // Unlike the others it stays when the machine has gone.
      undo.push(async () => service.storage.revokeAccess(machineId, diskPath));
    }
  }
  const machine = await make(machineId, buildComputeSystem(spec, host));
  for (const request of utilityVmSetup(spec, host)) await machine.modify(request);
  if (network !== undefined) await attachToMachine(machine, network, guest.os);
  return { system: await make(spec.id, buildHostedContainer(spec, host, machineId)), machine };
}

/** What could not be taken back is told, and never hides why it had to be. */
export function withCleanupFailures(error: unknown, failures: readonly unknown[]): ContainervError {
  const told = isContainervError(error)
    ? error
    : new ContainervError('ERR_CONTAINERV_SYSTEM', error instanceof Error ? error.message : String(error), {
        step: 'create container',
        cause: error,
      });
  if (failures.length > 0) {
    const earlier = 'cleanupErrors' in told ? (told.cleanupErrors as readonly unknown[]) : [];
    Object.defineProperty(told, 'cleanupErrors', {
      value: [...earlier, ...failures],
      enumerable: true,
      configurable: true,
    });
  }
  return told;
}
