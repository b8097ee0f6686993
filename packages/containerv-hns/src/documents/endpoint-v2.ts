import { addressFamily } from '../addresses.js';
import type { EndpointSettings } from '../endpoint-settings.js';
import { compact, type JsonObject, unlessEmpty } from '../json.js';
import { accessRules } from './access-rules.js';
import { SCHEMA_2_0 } from './schema-version.js';

/** IANA's numbers. */
const PROTOCOLS = { tcp: 6, udp: 17 } as const;

/** An endpoint for HcnCreateEndpoint. */
export function endpointV2(settings: EndpointSettings, networkId: string): JsonObject {
  return compact({
    SchemaVersion: SCHEMA_2_0,
    Name: settings.name,
    HostComputeNetwork: networkId,
    IpConfigurations: unlessEmpty(
      settings.addresses.map(({ address, prefixLength }) => ({
        IpAddress: address,
        PrefixLength: prefixLength,
      })),
    ),
    Routes: unlessEmpty(
      settings.gateways.map((gateway) => ({
        NextHop: gateway,
        DestinationPrefix: addressFamily(gateway) === 4 ? '0.0.0.0/0' : '::/0',
      })),
    ),
    MacAddress: settings.mac,
    Dns: settings.dns.length === 0 ? undefined : { ServerList: settings.dns },
    Policies: unlessEmpty(policiesV2(settings)),
  });
}

export function policiesV2({ ports, outboundNat, egress }: EndpointSettings): readonly JsonObject[] {
  return [
    ...ports.map(({ protocol, container, host }) => ({
      Type: 'PortMapping',
      Settings: { Protocol: PROTOCOLS[protocol], InternalPort: container, ExternalPort: host },
    })),
    ...(outboundNat === undefined
      ? []
      : [{ Type: 'OutBoundNAT', Settings: compact({ Exceptions: unlessEmpty(outboundNat.exceptions) }) }]),
    ...accessRules(egress).map((rule) => ({ Type: 'ACL', Settings: rule })),
  ];
}
