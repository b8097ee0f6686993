import { addressFamily } from '../addresses.js';
import type { EndpointSettings } from '../endpoint-settings.js';
import { compact, type JsonObject, unlessEmpty } from '../json.js';
import { accessRules } from './access-rules.js';

/** An endpoint for HNSCall, `POST /endpoints/`. */
export function endpointV1(settings: EndpointSettings, networkId: string): JsonObject {
  const v4 = settings.addresses.find(({ address }) => addressFamily(address) === 4);
  const v6 = settings.addresses.find(({ address }) => addressFamily(address) === 6);
  return compact({
    Name: settings.name,
    VirtualNetwork: networkId,
    IPAddress: v4?.address,
    PrefixLength: v4?.prefixLength,
    IPv6Address: v6?.address,
    IPv6PrefixLength: v6?.prefixLength,
    GatewayAddress: settings.gateways.find((gateway) => addressFamily(gateway) === 4),
    GatewayAddressV6: settings.gateways.find((gateway) => addressFamily(gateway) === 6),
    MacAddress: settings.mac,
    // One text in this form.
    DNSServerList: settings.dns.length === 0 ? undefined : settings.dns.join(','),
    Policies: unlessEmpty(policiesV1(settings)),
  });
}

export function policiesV1({ ports, outboundNat, egress }: EndpointSettings): readonly JsonObject[] {
  return [
    ...ports.map(({ protocol, container, host }) => ({
      Type: 'NAT',
      Protocol: protocol.toUpperCase(),
      InternalPort: container,
      ExternalPort: host,
    })),
    ...(outboundNat === undefined
      ? []
      : [compact({ Type: 'OutBoundNAT', ExceptionList: unlessEmpty(outboundNat.exceptions) })]),
    ...accessRules(egress).map((rule) => ({ Type: 'ACL', ...rule })),
  ];
}

/** `POST /endpoints/id/attach` and `/detach`: a container of the older form that was created without an endpoint list. */
export function attachmentV1(containerId: string): JsonObject {
  return { ContainerId: containerId, SystemType: 'Container' };
}
