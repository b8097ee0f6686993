import { randomUUID } from 'node:crypto';
import {
  type ContainerSpec,
  type ResolvedPrivateNetwork,
  resolveRunOptions,
  type UndoStack,
} from 'containerv-api';
import {
  configureInside,
  connect,
  disconnect,
  type HnsApi,
  linuxMachineRequest,
  type NetworkConnection,
  type NetworkOutcome,
  openHns,
  windowsMachineRequests,
} from 'containerv-hns';
import { createPolicy } from 'containerv-policy';
import { buildProcessParameters } from '../documents/build-process-parameters.js';
import type { Guest } from '../documents/guest.js';
import type { JsonObject } from '../documents/json.js';
import type { HcsSystem } from '../hcs/hcs-api.js';
import { runProcess } from '../process/run.js';
import { policyOf } from '../security/policy.js';

// As long as PowerShell takes to start on a machine that is busy with starting containers.
const INSIDE_TIMEOUT_MS = 120_000;

/** A container's endpoint, from before its system is made until after it has ended. */
export interface JoinedNetwork {
  readonly hns: HnsApi;
  readonly connection: NetworkConnection;
}

/** Selects a network and makes the endpoint; `undo` takes it away. */
export async function joinNetwork(
  spec: ContainerSpec,
  wanted: ResolvedPrivateNetwork,
  guest: Guest,
  undo: UndoStack,
): Promise<JoinedNetwork> {
  const hns = await openHns();
  const connection = await connect(hns, {
    containerId: spec.id,
    network: wanted,
    attachment: guest.schema === 'v2' ? 'namespace' : 'endpoint-list',
  });
  undo.push(async () => disconnect(hns, spec.id));
  return { hns, connection };
}

/** Gives a virtual machine the adapter, before the container in it is made. */
export async function attachToMachine(
  machine: HcsSystem,
  { hns, connection }: JoinedNetwork,
  os: Guest['os'],
): Promise<void> {
  const namespace = connection.namespaceId;
  if (namespace === undefined) return;
  const { endpoint } = connection;
  const adapter = { adapterId: randomUUID(), endpoint };
  const requests: readonly JsonObject[] =
    os === 'linux'
      ? [linuxMachineRequest(namespace, adapter)]
      : windowsMachineRequests(
          await hns.namespaceDocument(namespace),
          adapter,
          await hns.endpointDocument(endpoint.id),
        );
  for (const request of requests) await machine.modify(request);
}

/**
 * Configures in the running container what the endpoint did not get, as its administrator. A policy of a stricter level
 * than `default` does not have one, and then it rejects: the shell comes from the image, which may be hostile.
 * @throws ContainervError `ERR_CONTAINERV_HNS` when a field can be had neither way.
 */
export async function configureNetwork(
  system: HcsSystem,
  spec: ContainerSpec,
  { connection }: JoinedNetwork,
  { os }: Guest,
): Promise<NetworkOutcome> {
  const trusted = os === 'linux' && policyOf(spec.policy).securityLevel === 'default';
  const policy = trusted ? createPolicy('build').setCapabilities(['CAP_NET_ADMIN']) : spec.policy;
  const administration = { ...spec, policy };
  return configureInside({
    guest: os,
    settings: connection.settings,
    outcome: connection.outcome,
    mac: connection.endpoint.mac,
    run: async ([command, ...args], user) => {
      const run = resolveRunOptions(
        command,
        args,
        { user: os === 'linux' ? { uid: 0, gid: 0 } : user, reject: false, timeout: INSIDE_TIMEOUT_MS },
        { ...administration, cwd: '/' },
      );
      const result = await runProcess(system, buildProcessParameters(administration, run), run, os);
      return { exitCode: result.exitCode, stdout: String(result.stdout), stderr: String(result.stderr) };
    },
  });
}
