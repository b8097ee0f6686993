import { addressFamily } from '../addresses.js';
import type { HnsEndpoint } from '../hns-endpoint.js';
import { compact, type JsonObject } from '../json.js';

/** An adapter of a utility virtual machine. */
export interface MachineAdapter {
  /** A GUID of its own, made by the caller. */
  readonly adapterId: string;
  readonly endpoint: HnsEndpoint;
}

/**
 * Modify requests for a Windows utility virtual machine, in order, before the container in it is created: the namespace,
 * then for each adapter the guest is told first, because it configures what it knows as soon as it appears.
 *
 * @param namespaceDocument as HNS describes the namespace
 * @param endpointDocument the endpoint in the older form, as `GET /endpoints/id` answers
 */
export function windowsMachineRequests(
  namespaceDocument: JsonObject,
  { adapterId, endpoint }: MachineAdapter,
  endpointDocument: JsonObject,
): readonly JsonObject[] {
  return [
    {
      GuestRequest: { ResourceType: 'NetworkNamespace', RequestType: 'Add', Settings: namespaceDocument },
    },
    {
      GuestRequest: {
        ResourceType: 'Network',
        RequestType: 'Add',
        Settings: { AdapterId: adapterId, RequestType: 'PreAdd', Settings: endpointDocument },
      },
    },
    {
      ...hostAdapter('Add', { adapterId, endpoint }),
      GuestRequest: {
        ResourceType: 'Network',
        RequestType: 'Add',
        Settings: { AdapterId: adapterId, RequestType: 'Add' },
      },
    },
  ];
}

/** The one modify request for a Linux utility virtual machine, whose guest sets everything up in the namespace. */
export function linuxMachineRequest(namespaceId: string, adapter: MachineAdapter): JsonObject {
  const { endpoint } = adapter;
  return {
    ...hostAdapter('Add', adapter),
    GuestRequest: {
      ResourceType: 'Network',
      RequestType: 'Add',
      Settings: compact({
        NamespaceID: namespaceId,
        ID: adapter.adapterId,
        MacAddress: endpoint.mac,
        IPConfigs: endpoint.addresses.map(({ address, prefixLength }) => ({
          IPAddress: address,
          PrefixLength: prefixLength,
        })),
        Routes: endpoint.gateways.map((gateway) => ({
          NextHop: gateway,
          DestinationPrefix: addressFamily(gateway) === 6 ? '::/0' : '0.0.0.0/0',
        })),
        DNSServerList: endpoint.dns.length === 0 ? undefined : endpoint.dns.join(','),
      }),
    },
  };
}

/** Takes an adapter out of a utility virtual machine again; the guest lets go first. */
export function machineRemoval(
  guest: 'windows' | 'linux',
  namespaceId: string,
  adapter: MachineAdapter,
): JsonObject {
  const settings =
    guest === 'windows'
      ? { AdapterId: adapter.adapterId, RequestType: 'Remove' }
      : { NamespaceID: namespaceId, ID: adapter.adapterId };
  return {
    ...hostAdapter('Remove', adapter),
    GuestRequest: { ResourceType: 'Network', RequestType: 'Remove', Settings: settings },
  };
}

function hostAdapter(request: 'Add' | 'Remove', { adapterId, endpoint }: MachineAdapter): JsonObject {
  return {
    ResourcePath: `VirtualMachine/Devices/NetworkAdapters/${adapterId}`,
    RequestType: request,
    Settings: compact({ EndpointId: endpoint.id, MacAddress: endpoint.mac }),
  };
}
