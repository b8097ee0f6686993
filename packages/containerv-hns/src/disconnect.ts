import { ContainervError } from 'containerv-api';
import type { HnsEndpoint } from './hns-endpoint.js';
import { containerOfEndpoint, endpointName, namespaceId } from './names.js';
import type { HnsApi } from './service/hns-api.js';

/** What a sweep removed. */
export interface Swept {
  /** Names of endpoints. */
  readonly endpoints: readonly string[];
  /** Ids of namespaces. */
  readonly namespaces: readonly string[];
}

/**
 * Removes a container's endpoint and namespace, from any process, as often as wanted. Goes on after a failure.
 * @throws ContainervError `ERR_CONTAINERV_HNS` when something could not be removed; `cause` is an AggregateError.
 */
export async function disconnect(hns: HnsApi, containerId: string): Promise<void> {
  const name = endpointName(containerId);
  const failures: unknown[] = [];
  const endpoints = await hns.ownEndpoints();
  for (const endpoint of endpoints) {
    if (endpoint.name === name) await removeEndpoint(hns, endpoint, containerId, failures);
  }
  const own = namespaceId(containerId);
  const namespaces = await hns.ownNamespaces();
  if (namespaces.some(({ id }) => id === own)) await attempt(failures, () => hns.deleteNamespace(own));
  throwIfAny(failures, `the network of '${containerId}'`);
}

/**
 * Removes the endpoints and namespaces of containers that are not alive. Only what carries containerv's tag is looked
 * at.
 *
 * @param alive ids of all containers that exist or are being created, by whomever
 * @throws ContainervError `ERR_CONTAINERV_HNS` when something could not be removed, after everything was tried.
 */
export async function sweep(hns: HnsApi, alive: ReadonlySet<string>): Promise<Swept> {
  const { failures, ...removed } = await sweepAll(hns, alive);
  throwIfAny(
    failures.map(({ error }) => error),
    'what containers have left in the Host Networking Service',
  );
  return removed;
}

/** {@link sweep} that tells its failures by what they are about. */
export async function sweepAll(
  hns: HnsApi,
  alive: ReadonlySet<string>,
): Promise<Swept & { readonly failures: readonly { readonly name: string; readonly error: unknown }[] }> {
  const failures: { name: string; error: unknown }[] = [];
  const told = async (name: string, step: (failures: unknown[]) => Promise<boolean>): Promise<boolean> => {
    const own: unknown[] = [];
    const done = await step(own);
    for (const error of own) failures.push({ name, error });
    return done;
  };
  const removed = { endpoints: [] as string[], namespaces: [] as string[] };
  for (const endpoint of await hns.ownEndpoints()) {
    const container = containerOfEndpoint(endpoint.name);
    if (container === undefined || alive.has(container)) continue;
    const done = await told(endpoint.name, async (own) => removeEndpoint(hns, endpoint, container, own));
    if (done) removed.endpoints.push(endpoint.name);
  }
  const inUse = new Set([...alive].map(namespaceId));
  for (const { id, endpointIds } of await hns.ownNamespaces()) {
    if (inUse.has(id)) continue;
    const done = await told(id, async (own) => {
      for (const endpointId of endpointIds) await attempt(own, () => hns.removeFromNamespace(id, endpointId));
      return attempt(own, () => hns.deleteNamespace(id));
    });
    if (done) removed.namespaces.push(id);
  }
  return { ...removed, failures };
}

async function removeEndpoint(
  hns: HnsApi,
  { id, namespaceId: namespace, containers }: HnsEndpoint,
  containerId: string,
  failures: unknown[],
): Promise<boolean> {
  // An endpoint in use cannot be deleted; those that cannot be let go of are tried all the same.
  if (namespace !== undefined) await attempt(failures, () => hns.removeFromNamespace(namespace, id));
  else if (containers.length > 0) await attempt(failures, () => hns.detach(id, containerId));
  return attempt(failures, () => hns.deleteEndpoint(id));
}

async function attempt(failures: unknown[], step: () => Promise<void>): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    failures.push(error);
    return false;
  }
}

function throwIfAny(failures: readonly unknown[], what: string): void {
  const [first] = failures;
  if (first === undefined) return;
  throw new ContainervError(
    'ERR_CONTAINERV_HNS',
    `Could not remove ${what}: ${first instanceof Error ? first.message : 'unknown'}`,
    {
      step: 'remove network',
      cause: new AggregateError(failures),
    },
  );
}
