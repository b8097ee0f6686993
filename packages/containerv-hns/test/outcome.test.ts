import { describe, expect, test } from 'vitest';
import { readEndpointV1, readEndpointV2 } from '../src/answers/read-endpoint.js';
import { endpointV1 } from '../src/documents/endpoint-v1.js';
import { endpointV2 } from '../src/documents/endpoint-v2.js';
import { endpointSettings } from '../src/endpoint-settings.js';
import type { HnsEndpoint } from '../src/hns-endpoint.js';
import { endpointOutcome } from '../src/outcome.js';
import { BRIDGE, EVERYTHING, NAT, NETWORK_ID, wanted } from './support/options.js';

const ID = 'c08cb7b8-9b3c-408e-8e30-5e16a3aeb444';
const settings = endpointSettings('web', NAT, EVERYTHING, { mac: '00155d52c010' });
const made = readEndpointV2({ ID, ...endpointV2(settings, NETWORK_ID) });
const ALL = {
  address: 'endpoint',
  gateway: 'endpoint',
  dns: 'endpoint',
  mac: 'endpoint',
  ports: 'endpoint',
  egress: 'endpoint',
};

test('what was asked for, in either form, is applied', () => {
  expect(endpointOutcome(settings, made)).toEqual(ALL);
  expect(endpointOutcome(settings, readEndpointV1({ ID, ...endpointV1(settings, NETWORK_ID) }))).toEqual(ALL);
});

test('what was not asked for is not judged', () => {
  expect(endpointOutcome(endpointSettings('web', NAT, wanted()), made)).toEqual({});
});

test('outbound NAT', () => {
  const bridged = endpointSettings('web', BRIDGE, wanted());
  const endpoint = readEndpointV2({ ID, ...endpointV2(bridged, NETWORK_ID) });
  expect(endpointOutcome(bridged, endpoint)).toEqual({ nat: 'endpoint' });
  expect(endpointOutcome(bridged, made)).toEqual({ nat: 'not applied' });
});

test('the same in other words is the same', () => {
  const v6 = endpointSettings('web', NAT, wanted({ containerIp: 'FD00:20:0::5', dns: ['::1'] }));
  const endpoint = { ...made, addresses: [{ address: 'fd00:20::5', prefixLength: 64 }], dns: ['0::1'] };
  expect(endpointOutcome(v6, endpoint)).toEqual({ address: 'endpoint', dns: 'endpoint' });
});

describe('each field is judged on its own', () => {
  const [first, ...rest] = made.policies;
  test.for<readonly [string, Partial<HnsEndpoint>, readonly string[]]>([
    ['another address', { addresses: [{ address: '172.20.0.11', prefixLength: 16 }] }, ['address']],
    ['another prefix length', { addresses: [{ address: '172.20.0.10', prefixLength: 24 }] }, ['address']],
    ['no gateway', { gateways: [] }, ['gateway']],
    ['another MAC', { mac: undefined }, ['mac']],
    ['servers in another order', { dns: made.dns.toReversed() }, ['dns']],
    ['a server more', { dns: [...made.dns, '1.1.1.1'] }, ['dns']],
    ['a port missing', { policies: rest }, ['ports']],
    [
      'another port',
      { policies: [{ ...first, Type: 'PortMapping', ExternalPort: 8081 }, ...rest] },
      ['ports'],
    ],
    ['no policies', { policies: [] }, ['ports', 'egress']],
    ['the last block missing', { policies: made.policies.slice(0, -1) }, ['egress']],
    [
      'the last block for some addresses only',
      {
        policies: [
          ...made.policies.slice(0, -1),
          {
            Type: 'ACL',
            Action: 'Block',
            Direction: 'Out',
            RuleType: 'Switch',
            Priority: 65_000,
            RemoteAddresses: '1.2.3.4',
          },
        ],
      },
      ['egress'],
    ],
    [
      'the last block for one protocol only',
      {
        policies: [
          ...made.policies.slice(0, -1),
          {
            Type: 'ACL',
            Action: 'Block',
            Direction: 'Out',
            RuleType: 'Switch',
            Priority: 65_000,
            Protocols: '6',
          },
        ],
      },
      ['egress'],
    ],
  ])('%s', ([, change, missing]) => {
    const expected = { ...ALL, ...Object.fromEntries(missing.map((field) => [field, 'not applied'])) };
    expect(endpointOutcome(settings, { ...made, ...change })).toEqual(expected);
  });
});
