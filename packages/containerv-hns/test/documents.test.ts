import { describe, expect, test } from 'vitest';
import { attachmentV1, endpointV1 } from '../src/documents/endpoint-v1.js';
import { endpointV2 } from '../src/documents/endpoint-v2.js';
import {
  linuxMachineRequest,
  machineRemoval,
  windowsMachineRequests,
} from '../src/documents/machine-requests.js';
import { namespaceEndpoint, namespaceV2, queryV2 } from '../src/documents/namespace.js';
import { endpointSettings } from '../src/endpoint-settings.js';
import { readEndpointV2 } from '../src/answers/read-endpoint.js';
import { namespaceId } from '../src/names.js';
import { schemaErrors } from './support/hns-schema.js';
import { BRIDGE, EVERYTHING, NAT, NETWORK_ID, wanted } from './support/options.js';

const settings = endpointSettings('web', NAT, EVERYTHING, { mac: '00155d52c010' });

test('an endpoint in the older form', () => {
  const document = endpointV1(settings, NETWORK_ID);
  expect(document).toEqual({
    Name: 'chef-web',
    VirtualNetwork: NETWORK_ID,
    IPAddress: '172.20.0.10',
    PrefixLength: 16,
    GatewayAddress: '172.20.0.1',
    MacAddress: '00-15-5D-52-C0-10',
    DNSServerList: '8.8.8.8,2001:4860:4860::8888',
    Policies: [
      { Type: 'NAT', Protocol: 'TCP', InternalPort: 80, ExternalPort: 8080 },
      { Type: 'NAT', Protocol: 'UDP', InternalPort: 53, ExternalPort: 5353 },
      acl({ Protocols: '6', RemoteAddresses: '10.0.0.0/8', RemotePorts: '443' }),
      acl({ Protocols: '6', RemoteAddresses: '10.0.0.0/8', RemotePorts: '8000-8010' }),
      acl({ RemoteAddresses: 'fd00::/8' }),
      acl({ Action: 'Block', Priority: 65_000 }),
    ],
  });
  expect(schemaErrors('hns-endpoint', document)).toEqual([]);
});

test('an endpoint in the newer form', () => {
  const document = endpointV2(settings, NETWORK_ID);
  expect(document).toEqual({
    SchemaVersion: { Major: 2, Minor: 0 },
    Name: 'chef-web',
    HostComputeNetwork: NETWORK_ID,
    IpConfigurations: [{ IpAddress: '172.20.0.10', PrefixLength: 16 }],
    Routes: [{ NextHop: '172.20.0.1', DestinationPrefix: '0.0.0.0/0' }],
    MacAddress: '00-15-5D-52-C0-10',
    Dns: { ServerList: ['8.8.8.8', '2001:4860:4860::8888'] },
    Policies: [
      { Type: 'PortMapping', Settings: { Protocol: 6, InternalPort: 80, ExternalPort: 8080 } },
      { Type: 'PortMapping', Settings: { Protocol: 17, InternalPort: 53, ExternalPort: 5353 } },
      nested(acl({ Protocols: '6', RemoteAddresses: '10.0.0.0/8', RemotePorts: '443' })),
      nested(acl({ Protocols: '6', RemoteAddresses: '10.0.0.0/8', RemotePorts: '8000-8010' })),
      nested(acl({ RemoteAddresses: 'fd00::/8' })),
      nested(acl({ Action: 'Block', Priority: 65_000 })),
    ],
  });
  expect(schemaErrors('hcn-endpoint', document)).toEqual([]);
});

function acl(more: object): object {
  return { Type: 'ACL', Action: 'Allow', Direction: 'Out', RuleType: 'Switch', Priority: 200, ...more };
}

function nested({ Type, ...Settings }: { Type?: string }): object {
  return { Type, Settings };
}

describe('every combination is valid by the schemas', () => {
  const v6 = { containerIp: 'fd00:20::10', gateway: 'fd00:20::1' };
  test.for([
    ['nothing', wanted(), NAT],
    ['IPv6', wanted(v6), NAT],
    ['outbound NAT', wanted({ ...v6, nat: true }), BRIDGE],
    ['no NAT', wanted({ nat: false }), NAT],
    ['nothing may be reached', wanted({ egress: [] }), NAT],
    ['a gateway alone', wanted({ hostIp: '172.20.0.1' }), NAT],
    ['a dotted mask of its own', wanted({ containerIp: '172.20.0.10', prefixLength: 24 }), NAT],
  ] as const)('%s', ([, network, host]) => {
    const made = endpointSettings('web', host, network);
    expect(schemaErrors('hns-endpoint', endpointV1(made, NETWORK_ID))).toEqual([]);
    expect(schemaErrors('hcn-endpoint', endpointV2(made, NETWORK_ID))).toEqual([]);
  });

  test('the schemas refuse what they do not know', () => {
    expect(
      schemaErrors('hns-endpoint', { ...endpointV1(settings, NETWORK_ID), Ipaddress: '1.2.3.4' }),
    ).toHaveLength(1);
    expect(
      schemaErrors('hcn-endpoint', { ...endpointV2(settings, NETWORK_ID), SchemaVersion: undefined }),
    ).toHaveLength(1);
  });

  test('the other documents', () => {
    expect(schemaErrors('hns-attachment', attachmentV1('web'))).toEqual([]);
    expect(schemaErrors('hcn-namespace', namespaceV2())).toEqual([]);
    expect(schemaErrors('hcn-query', queryV2())).toEqual([]);
    expect(schemaErrors('hcn-modify-namespace', namespaceEndpoint('Add', NETWORK_ID))).toEqual([]);
    expect(schemaErrors('hcn-modify-namespace', namespaceEndpoint('Remove', NETWORK_ID))).toEqual([]);
  });
});

describe('adapters of utility virtual machines', () => {
  const endpoint = readEndpointV2({
    ID: NETWORK_ID.replace('1', '9'),
    Name: 'chef-web',
    HostComputeNetwork: NETWORK_ID,
    IpConfigurations: [{ IpAddress: '172.20.0.10', PrefixLength: 16 }],
    Routes: [{ NextHop: '172.20.0.1', DestinationPrefix: '0.0.0.0/0' }],
    Dns: { ServerList: ['8.8.8.8', '1.1.1.1'] },
    MacAddress: '00-15-5D-52-C0-10',
  });
  const adapter = { adapterId: '99999999-0000-0000-0000-000000000001', endpoint };
  const host = {
    ResourcePath: `VirtualMachine/Devices/NetworkAdapters/${adapter.adapterId}`,
    RequestType: 'Add',
    Settings: { EndpointId: endpoint.id, MacAddress: '00-15-5D-52-C0-10' },
  };

  test('Windows: the guest hears of it before it appears', () => {
    const [namespace, before, add] = windowsMachineRequests({ ID: 'n' }, adapter, { Name: 'e' });
    expect(namespace).toEqual({
      GuestRequest: { ResourceType: 'NetworkNamespace', RequestType: 'Add', Settings: { ID: 'n' } },
    });
    expect(before).toEqual({
      GuestRequest: {
        ResourceType: 'Network',
        RequestType: 'Add',
        Settings: { AdapterId: adapter.adapterId, RequestType: 'PreAdd', Settings: { Name: 'e' } },
      },
    });
    expect(add).toEqual({
      ...host,
      GuestRequest: {
        ResourceType: 'Network',
        RequestType: 'Add',
        Settings: { AdapterId: adapter.adapterId, RequestType: 'Add' },
      },
    });
  });

  test('Linux: the guest configures it', () => {
    expect(linuxMachineRequest(namespaceId('web'), adapter)).toEqual({
      ...host,
      GuestRequest: {
        ResourceType: 'Network',
        RequestType: 'Add',
        Settings: {
          NamespaceID: namespaceId('web'),
          ID: adapter.adapterId,
          MacAddress: '00-15-5D-52-C0-10',
          IPConfigs: [{ IPAddress: '172.20.0.10', PrefixLength: 16 }],
          Routes: [{ NextHop: '172.20.0.1', DestinationPrefix: '0.0.0.0/0' }],
          DNSServerList: '8.8.8.8,1.1.1.1',
        },
      },
    });
  });

  test('and removed', () => {
    expect(machineRemoval('windows', namespaceId('web'), adapter)).toMatchObject({
      RequestType: 'Remove',
      GuestRequest: { RequestType: 'Remove', Settings: { AdapterId: adapter.adapterId } },
    });
    expect(machineRemoval('linux', namespaceId('web'), adapter)).toMatchObject({
      GuestRequest: { Settings: { NamespaceID: namespaceId('web'), ID: adapter.adapterId } },
    });
  });
});
