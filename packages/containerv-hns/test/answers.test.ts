import * as fc from 'fast-check';
import { isContainervError } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { readEndpointV1, readEndpointV2, readNamespace } from '../src/answers/read-endpoint.js';
import { readNetwork } from '../src/answers/read-network.js';
import { readResponse } from '../src/answers/read-response.js';

const ID = 'C08CB7B8-9B3C-408E-8E30-5E16A3AEB444';
const OTHER = '11111111-2222-3333-4444-555555555555';

describe('networks', () => {
  test('in the older form', () => {
    expect(
      readNetwork({
        ID,
        Name: 'Default Switch',
        Type: 'ICS',
        SwitchName: 'Default Switch',
        Subnets: [
          { AddressPrefix: '172.17.0.0/20', GatewayAddress: '172.17.0.1' },
          { AddressPrefix: 'fd00::/64' },
        ],
        Policies: [{ Type: 'VLAN', VLAN: 1 }],
      }),
    ).toEqual({
      id: ID.toLowerCase(),
      name: 'Default Switch',
      type: 'ICS',
      switchName: 'Default Switch',
      subnets: [{ prefix: '172.17.0.0/20', gateway: '172.17.0.1' }, { prefix: 'fd00::/64' }],
    });
  });

  test('in the newer form, without a type', () => {
    const Routes = [
      { NextHop: '10.9.9.9', DestinationPrefix: '10.0.0.0/8' },
      { NextHop: '172.21.0.1', DestinationPrefix: '0.0.0.0/0' },
    ];
    expect(
      readNetwork({
        ID: `{${ID}}`,
        Name: 'nat2',
        Ipams: [{ Subnets: [{ IpAddressPrefix: '172.21.0.0/16', Routes }] }],
      }),
    ).toEqual({
      id: ID.toLowerCase(),
      name: 'nat2',
      type: 'NAT',
      subnets: [{ prefix: '172.21.0.0/16', gateway: '172.21.0.1' }],
    });
  });
});

test('an endpoint in the older form', () => {
  expect(
    readEndpointV1({
      ID,
      Name: 'chef-web',
      VirtualNetwork: OTHER,
      IPAddress: '172.20.0.10',
      PrefixLength: 16,
      IPv6Address: '',
      GatewayAddress: '172.20.0.1',
      DNSServerList: '8.8.8.8,1.1.1.1',
      MacAddress: '00-15-5d-52-c0-10',
      SharedContainers: ['web'],
      Namespace: { ID: '00000000-0000-0000-0000-000000000000' },
      Policies: [{ Type: 'NAT', InternalPort: 80 }],
    }),
  ).toEqual({
    id: ID.toLowerCase(),
    name: 'chef-web',
    networkId: OTHER,
    addresses: [{ address: '172.20.0.10', prefixLength: 16 }],
    gateways: ['172.20.0.1'],
    dns: ['8.8.8.8', '1.1.1.1'],
    mac: '00-15-5D-52-C0-10',
    namespaceId: undefined,
    containers: ['web'],
    policies: [{ Type: 'NAT', InternalPort: 80 }],
  });
});

test('an endpoint in the newer form; HNS says null for what is empty', () => {
  expect(
    readEndpointV2({
      ID,
      Name: 'chef-web',
      HostComputeNetwork: OTHER,
      HostComputeNamespace: OTHER,
      IpConfigurations: null,
      Dns: null,
      Policies: [{ Type: 'PortMapping', Settings: { InternalPort: 80 } }],
    }),
  ).toEqual({
    id: ID.toLowerCase(),
    name: 'chef-web',
    networkId: OTHER,
    addresses: [],
    gateways: [],
    dns: [],
    mac: undefined,
    namespaceId: OTHER,
    containers: [],
    policies: [{ Type: 'PortMapping', InternalPort: 80 }],
  });
});

test('a namespace', () => {
  const Resources = [
    { Type: 'Container', Data: { Id: 'web' } },
    { Type: 'Endpoint', Data: { Id: OTHER } },
  ];
  expect(readNamespace({ ID, Resources })).toEqual({ id: ID.toLowerCase(), endpointIds: [OTHER] });
});

describe('garbage is a typed error', () => {
  const readers = { readNetwork, readEndpointV1, readEndpointV2, readNamespace };
  const good = { ID, VirtualNetwork: OTHER, HostComputeNetwork: OTHER };
  test.for([
    ['null', null],
    ['a text', 'x'],
    ['a list', []],
    ['nothing in it', {}],
    ['a number for an id', { ID: 5 }],
    ['an id that is none', { ID: 'x' }],
    ['subnets that are none', { ...good, Subnets: 'x', IpConfigurations: 'x', IPAddress: 5, Resources: {} }],
    [
      'addresses of another kind',
      { ...good, Subnets: [5], IpConfigurations: [5], IPAddress: [], Resources: [5] },
    ],
    [
      'a prefix length too long',
      {
        ...good,
        Subnets: [{}],
        IpConfigurations: [{ IpAddress: '1', PrefixLength: 129 }],
        IPAddress: '1',
        PrefixLength: 129,
        Resources: [{}],
      },
    ],
  ])('%s', ([, value]) => {
    for (const read of Object.values(readers)) {
      expect(() => read(value)).toThrow(expect.objectContaining({ code: 'ERR_CONTAINERV_HNS' }) as Error);
    }
  });

  test('whatever it is', () => {
    const names = [
      'ID',
      'Name',
      'Type',
      'Subnets',
      'IPAddress',
      'PrefixLength',
      'VirtualNetwork',
      'Policies',
      'Dns',
    ];
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(ID, OTHER, [{ Type: 'NAT' }]));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names, 'HostComputeNetwork', 'Resources', 'Ipams'), value),
        (answer) => {
          for (const read of Object.values(readers)) {
            try {
              read(answer);
            } catch (error) {
              expect(isContainervError(error)).toBe(true);
            }
          }
        },
      ),
    );
  });
});

describe('responses of HNSCall', () => {
  const read = (text: string | null): unknown =>
    readResponse(text, 'list networks', 'HNSCall GET /networks/');

  test('that succeeded', () => expect(read('{"Success":true,"Output":[1]}')).toEqual([1]));

  test.for([
    ['nothing', null, 'ERR_CONTAINERV_HNS', /empty/],
    ['no JSON', '<html>', 'ERR_CONTAINERV_HNS', /not JSON/],
    ['another document', '[]', 'ERR_CONTAINERV_HNS', /not an object/],
    ['success as a text', '{"Success":"yes"}', 'ERR_CONTAINERV_HNS', /Success/],
    ['a refusal', '{"Success":false,"Error":"Some\\nreason"}', 'ERR_CONTAINERV_HNS', /Some reason/],
    ['not found', '{"Success":false,"Error":"Element not found."}', 'ERR_CONTAINERV_NOT_FOUND', /not found/],
    ['exists', '{"Success":false,"Error":"The object already exists."}', 'ERR_CONTAINERV_EXISTS', /exists/],
  ] as const)('%s', ([, text, code, message]) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
    );
  });
});
