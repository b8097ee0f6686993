import { ContainervError, throwIfAborted } from 'containerv-api';
import { sameAddress } from './addresses.js';
import { disconnect, sweepAll } from './disconnect.js';
import type { EndpointSettings } from './endpoint-settings.js';
import type { HnsEndpoint } from './hns-endpoint.js';
import type { AppliedField, Endpoint, HostNetworks } from './host-networks.js';
import { makeEndpoint, resolveSettings } from './make-endpoint.js';
import { containerOfEndpoint, namespaceId } from './names.js';
import { endpointOutcome } from './outcome.js';
import { selectNetwork } from './rank-networks.js';
import type { HnsApi } from './service/hns-api.js';
import { openHns } from './service/open-hns.js';

/** The interface for drivers, through the newest library that this Windows has; see `openHns`. */
export async function openHostNetworks(): Promise<HostNetworks> {
  return hostNetworks(await openHns());
}

/** {@link HostNetworks} on top of the service. */
export function hostNetworks(hns: HnsApi): HostNetworks {
  // What an endpoint was to be, for those that were made here.
  const made = new WeakMap<
    Endpoint,
    { readonly settings: EndpointSettings; readonly endpoint: HnsEndpoint }
  >();
  return {
    selectNetwork: async (switchName) => selectNetwork(await hns.networks(), switchName),
    async createEndpoint({ containerId, network, wanted, signal }) {
      throwIfAborted(signal);
      const current = (await hns.networks()).find(({ id }) => id === network.id);
      if (current === undefined) throw gone(network.name);
      const settings = await resolveSettings(containerId, current, wanted);
      await disconnect(hns, containerId);
      try {
        throwIfAborted(signal);
        const { endpoint } = await makeEndpoint(hns, current, settings);
        throwIfAborted(signal);
        const public_ = describe(endpoint);
        made.set(public_, { settings, endpoint });
        return public_;
      } catch (error) {
        // The first failure is what the caller has to hear of; what stays is found by its name later.
        await disconnect(hns, containerId).catch(() => {});
        throw error;
      }
    },
    async createNamespace(endpoints) {
      const containerId = containerOfEndpoint(endpoints[0]?.name ?? '');
      if (containerId === undefined) throw new TypeError('A namespace is for endpoints of a container');
      const id = namespaceId(containerId);
      await hns.createNamespace(id);
      try {
        for (const endpoint of endpoints) await hns.addToNamespace(id, endpoint.id);
      } catch (error) {
        for (const endpoint of endpoints) await hns.removeFromNamespace(id, endpoint.id).catch(() => {});
        await hns.deleteNamespace(id).catch(() => {});
        throw error;
      }
      return { id };
    },
    compare(endpoint) {
      const known = made.get(endpoint);
      if (known === undefined) throw new TypeError('An endpoint is compared by whom it was made');
      return appliedFields(known.settings, known.endpoint);
    },
    statistics: async (endpointId) => hns.endpointStatistics(endpointId),
    async deleteEndpoint(endpointId) {
      const endpoint = (await hns.ownEndpoints()).find(({ id }) => id === endpointId);
      if (endpoint === undefined) return;
      const { namespaceId: namespace, containers } = endpoint;
      if (namespace !== undefined) await hns.removeFromNamespace(namespace, endpointId);
      for (const container of namespace === undefined ? containers : [])
        await hns.detach(endpointId, container);
      await hns.deleteEndpoint(endpointId);
    },
    deleteNamespace: async (id) => hns.deleteNamespace(id),
    async sweep(liveContainerIds) {
      const { endpoints, namespaces, failures } = await sweepAll(hns, liveContainerIds);
      return {
        removed: [
          ...endpoints.map((name) => `endpoint ${name}`),
          ...namespaces.map((id) => `namespace ${id}`),
        ],
        failed: failures.map(({ name, error }) => ({
          name,
          message: error instanceof Error ? error.message : 'unknown',
        })),
      };
    },
  };
}

/** Only fields that were asked for. */
function appliedFields(settings: EndpointSettings, endpoint: HnsEndpoint): readonly AppliedField[] {
  const outcome = endpointOutcome(settings, endpoint);
  const fields: AppliedField[] = [];
  const [address] = settings.addresses;
  if (address !== undefined) {
    const has = endpoint.addresses.some((each) => sameAddress(each.address, address.address));
    fields.push({ field: 'containerIp', applied: has });
    fields.push({ field: 'prefixLength', applied: outcome.address === 'endpoint' });
  }
  for (const field of ['gateway', 'dns', 'ports', 'egress', 'nat'] as const) {
    if (outcome[field] !== undefined) fields.push({ field, applied: outcome[field] === 'endpoint' });
  }
  return fields;
}

function describe({ id, name, mac, addresses, gateways, dns }: HnsEndpoint): Endpoint {
  return { id, name, macAddress: mac, addresses, gateway: gateways[0], dns };
}

function gone(name: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_HNS', `Network '${name}' has been deleted meanwhile`, {
    step: 'create endpoint',
    hint: 'Create the container again: another network is chosen then.',
  });
}
