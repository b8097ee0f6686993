import { checkWord, ContainervError, type ResolvedPrivateNetwork } from 'containerv-api';
import type { EndpointExtras, EndpointSettings } from './endpoint-settings.js';
import type { HnsEndpoint } from './hns-endpoint.js';
import type { HnsNetwork } from './hns-network.js';
import { disconnect } from './disconnect.js';
import { makeEndpoint, resolveSettings } from './make-endpoint.js';
import { namespaceId } from './names.js';
import type { NetworkField, NetworkOutcome } from './outcome.js';
import { selectNetwork } from './rank-networks.js';
import type { HnsApi } from './service/hns-api.js';

export interface ConnectRequest extends EndpointExtras {
  readonly containerId: string;
  /** The container's resolved `network` option. */
  readonly network: ResolvedPrivateNetwork;
  /**
   * How the compute system will find the endpoint. `'namespace'`: documents of schema v2 name a namespace.
   * `'endpoint-list'`: documents of schema v1 name the endpoint.
   */
  readonly attachment: 'namespace' | 'endpoint-list';
  /** Fields that may stay `'not applied'`; never `'egress'`. @defaultValue none */
  readonly optional?: readonly NetworkField[] | undefined;
}

/** A container's place in a network, ready for its compute system. */
export interface NetworkConnection {
  readonly network: HnsNetwork;
  readonly settings: EndpointSettings;
  /** As HNS describes it. */
  readonly endpoint: HnsEndpoint;
  readonly namespaceId: string | undefined;
  /** Fields still `'not applied'` are for `configureInside`, once the container runs. */
  readonly outcome: NetworkOutcome;
}

const OPTIONAL = ['address', 'gateway', 'dns', 'mac', 'ports', 'nat'] as const;

/**
 * Selects the network, creates the endpoint `chef-<container id>` in it, reads it back, and puts it into a namespace
 * where the compute system is attached by one. A failure leaves nothing behind.
 *
 * @throws ContainervError `ERR_CONTAINERV_EXISTS` when the container has an endpoint already, `ERR_CONTAINERV_HNS` when
 *   the service refuses, or has not applied what cannot be configured in the container either.
 */
export async function connect(hns: HnsApi, request: ConnectRequest): Promise<NetworkConnection> {
  const { containerId, attachment } = request;
  request.optional?.forEach((field, index) => checkWord(field, `optional[${index}]`, OPTIONAL));
  const network = selectNetwork(await hns.networks(), request.network.switchName);
  const settings = await resolveSettings(containerId, network, request.network, { mac: request.mac });
  await refuseExisting(hns, settings.name);
  try {
    const { endpoint, outcome } = await makeEndpoint(hns, network, settings, request.optional);
    const namespace = attachment === 'namespace' ? namespaceId(containerId) : undefined;
    if (namespace !== undefined) {
      await hns.createNamespace(namespace);
      await hns.addToNamespace(namespace, endpoint.id);
    }
    return { network, settings, endpoint, namespaceId: namespace, outcome };
  } catch (error) {
    // The first failure is what the caller has to hear of; what stays now is found by its name later.
    await disconnect(hns, containerId).catch(() => {});
    throw error;
  }
}

async function refuseExisting(hns: HnsApi, name: string): Promise<void> {
  const existing = (await hns.ownEndpoints()).find((endpoint) => endpoint.name === name);
  if (existing === undefined) return;
  throw new ContainervError('ERR_CONTAINERV_EXISTS', `Endpoint '${name}' exists already`, {
    step: 'create endpoint',
    hint: 'A container of this id that ended badly may have left it: containerv prune.',
  });
}
