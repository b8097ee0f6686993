// The Host Networking Service: both libraries against the fake, their ABI, handles, strings, deadlines and bad answers.
import assert from 'node:assert/strict';
import type { ResolvedPrivateNetwork } from 'containerv-api';
import {
  connect,
  type ConnectRequest,
  disconnect,
  hostNetworks,
  type HnsApi,
  namespaceId,
  openHns,
  sweep,
} from '../../../packages/containerv-hns/src/index.js';
import { inject, NOTHING_LEFT, rejection, report } from '../support/fake.js';
import { type FakeHost, networksLeft, setHost } from '../support/fake-networks.js';
import { afterEach, before, beforeEach, describe, test } from '../support/node-test.js';

const older = process.env['CONTAINERV_HNS_LIBRARY'] === 'vmcompute';
const ID = '11111111-2222-3333-4444-555555555555';
const OTHER = 'c08cb7b8-9b3c-408e-8e30-5e16a3aeb444';
const HOST: FakeHost = {
  networks: [
    {
      id: OTHER,
      name: 'ics é漢',
      type: 'ICS',
      switchName: 'Default Switch',
      prefix: '172.17.0.0/20',
      gateway: '172.17.0.1',
    },
    { id: ID, name: 'nat', type: 'NAT', prefix: '172.20.0.0/16', gateway: '172.20.0.1' },
  ],
};
const NETWORK: ResolvedPrivateNetwork = {
  mode: 'private',
  containerIp: '172.20.0.10',
  prefixLength: undefined,
  hostIp: undefined,
  gateway: '172.20.0.1',
  dns: ['8.8.8.8', '1.1.1.1'],
  bridge: undefined,
  switchName: undefined,
  ports: [{ host: 8080, container: 80, protocol: 'tcp', hostIp: undefined }],
  nat: true,
  egress: [{ address: '10.0.0.0/8', isHostName: false, ports: [443], protocol: 'tcp' }],
};
const PLAIN = {
  ...NETWORK,
  containerIp: undefined,
  gateway: undefined,
  dns: undefined,
  ports: [],
  egress: undefined,
};
const web: ConnectRequest = {
  containerId: 'web',
  network: NETWORK,
  attachment: older ? 'endpoint-list' : 'namespace',
};
const CREATE = older ? 'HNSCall POST /endpoints/' : 'HcnCreateEndpoint';
const LIST_NETWORKS = older ? 'HNSCall GET /networks/' : 'HcnEnumerateNetworks';
let hns: HnsApi;

before(async () => {
  hns = await openHns();
});
beforeEach(() => setHost(HOST));
afterEach(async () => {
  assert.deepEqual(networksLeft(), { endpoints: [], namespaces: [] });
  assert.deepEqual(await report(), NOTHING_LEFT);
});

test('takes the library that it was told to, or the newest', () => {
  assert.equal(hns.library, older ? 'vmcompute' : 'computenetwork');
});

test('networks, with the names of their switches', async () => {
  assert.deepEqual(await hns.networks(), [
    {
      id: OTHER,
      name: 'ics é漢',
      type: 'ICS',
      switchName: 'Default Switch',
      subnets: [{ prefix: '172.17.0.0/20', gateway: '172.17.0.1' }],
    },
    { id: ID, name: 'nat', type: 'NAT', subnets: [{ prefix: '172.20.0.0/16', gateway: '172.20.0.1' }] },
  ]);
});

describe('a connection', () => {
  test('is made, read back and removed', async () => {
    const { endpoint, outcome, network, namespaceId: namespace } = await connect(hns, web);
    assert.equal(network.name, 'nat');
    assert.deepEqual(endpoint.addresses, [{ address: '172.20.0.10', prefixLength: 16 }]);
    const all = ['address', 'gateway', 'dns', 'ports', 'egress'];
    assert.deepEqual(outcome, Object.fromEntries(all.map((field) => [field, 'endpoint'])));
    assert.equal(namespace, older ? undefined : namespaceId('web'));
    assert.equal((await hns.endpointDocument(endpoint.id))['Name'], 'chef-web');
    assert.deepEqual(await hns.endpointStatistics(endpoint.id), {
      rxBytes: 100,
      txBytes: 200,
      rxPackets: 3,
      txPackets: 4,
    });
    if (namespace !== undefined) {
      assert.equal((await hns.namespaceDocument(namespace))['ID'], namespace);
      assert.deepEqual(await hns.ownNamespaces(), [{ id: namespace, endpointIds: [endpoint.id] }]);
    }
    await disconnect(hns, 'web');
    await disconnect(hns, 'web');
  });

  test('to the network that was asked for', async () => {
    const { network } = await connect(hns, { ...web, network: { ...PLAIN, switchName: 'default switch' } });
    assert.equal(network.id, OTHER);
    await disconnect(hns, 'web');
  });

  test('what the service accepts and does not apply', async () => {
    setHost({ ...HOST, dropped: ['address', 'dns', 'gateway'] });
    const { outcome } = await connect(hns, web);
    assert.deepEqual(outcome, {
      address: 'not applied',
      gateway: 'not applied',
      dns: 'not applied',
      ports: 'endpoint',
      egress: 'endpoint',
    });
    await disconnect(hns, 'web');
    setHost({ ...HOST, dropped: ['ACL'] });
    assert.equal((await rejection(connect(hns, web)))['code'], 'ERR_CONTAINERV_HNS');
  });

  test('attached in the older way, and swept', async () => {
    const { endpoint } = await connect(hns, { ...web, attachment: 'endpoint-list' });
    await hns.attach(endpoint.id, 'web');
    assert.deepEqual((await hns.endpoint(endpoint.id)).containers, older ? ['web'] : []);
    await hns.detach(endpoint.id, 'web');
    await hns.detach(endpoint.id, 'web');
    assert.deepEqual(await sweep(hns, new Set(['web'])), { endpoints: [], namespaces: [] });
    assert.deepEqual(await sweep(hns, new Set()), { endpoints: ['chef-web'], namespaces: [] });
  });

  test('by the interface for drivers', async () => {
    const networks = hostNetworks(hns);
    const network = await networks.selectNetwork('nat');
    const endpoint = await networks.createEndpoint({ containerId: 'web', network, wanted: NETWORK });
    assert.ok(networks.compare(endpoint, NETWORK).every(({ applied }) => applied));
    if (!older) await networks.deleteNamespace((await namespaceAround(networks, endpoint)).id);
    await networks.deleteEndpoint(endpoint.id);
  });
});

async function namespaceAround(
  networks: ReturnType<typeof hostNetworks>,
  endpoint: Awaited<ReturnType<ReturnType<typeof hostNetworks>['createEndpoint']>>,
): Promise<{ readonly id: string }> {
  const namespace = await networks.createNamespace([endpoint]);
  await hns.removeFromNamespace(namespace.id, endpoint.id);
  return namespace;
}

describe('refusals', () => {
  test('a port that is taken', async () => {
    await connect(hns, web);
    const error = await rejection(
      connect(hns, { ...web, containerId: 'b', network: { ...PLAIN, ports: NETWORK.ports } }),
    );
    assert.equal(error['code'], older ? 'ERR_CONTAINERV_EXISTS' : 'ERR_CONTAINERV_HNS');
    if (!older) assert.equal(error['hresult'], 0x803b0013);
    await disconnect(hns, 'web');
  });

  test('an endpoint that exists already', async () => {
    await connect(hns, web);
    assert.equal((await rejection(connect(hns, web)))['code'], 'ERR_CONTAINERV_EXISTS');
    await disconnect(hns, 'web');
  });

  test('an HRESULT, with what the service says about it', async () => {
    inject({ function: CREATE, hresult: 0x80070005, document: '{"Error":"Not for you"}' });
    const error = await rejection(connect(hns, web));
    assert.equal(error['code'], 'ERR_CONTAINERV_PERMISSION');
    assert.match(error.message, /ERROR_ACCESS_DENIED.*Not for you/);
  });

  test(
    'an error record is a failure even with S_OK',
    async () => {
      inject({ function: 'HcnEnumerateNetworks', hresult: 0, document: '{"Error":"But no"}' });
      assert.match((await rejection(hns.networks())).message, /But no/);
    },
    { skip: older },
  );

  test('no network at all', async () => {
    setHost({ networks: [] });
    assert.match((await rejection(connect(hns, web))).message, /Networking cannot be configured/);
  });

  test('a network that is deleted in between', async () => {
    const networks = hostNetworks(hns);
    const network = await networks.selectNetwork('nat');
    setHost({ networks: [] });
    const error = await rejection(networks.createEndpoint({ containerId: 'web', network, wanted: PLAIN }));
    assert.equal(error['code'], 'ERR_CONTAINERV_HNS');
  });

  test('garbage instead of a list', async () => {
    inject({ function: LIST_NETWORKS, garbage: true });
    const error = await rejection(hns.networks());
    assert.equal(error['code'], 'ERR_CONTAINERV_HNS');
    assert.match(error.message, /not JSON/);
  });

  test(
    'garbage instead of what was made: nothing stays',
    async () => {
      inject({ function: 'HcnQueryEndpointProperties', garbage: true });
      assert.equal((await rejection(connect(hns, web)))['code'], 'ERR_CONTAINERV_HNS');
    },
    { skip: older },
  );

  test(
    'a namespace that fails takes the endpoint with it',
    async () => {
      for (const call of ['HcnCreateNamespace', 'HcnModifyNamespace']) {
        inject({ function: call, hresult: 0x803b002e });
        assert.equal((await rejection(connect(hns, web)))['hresult'], 0x803b002e);
        assert.deepEqual(networksLeft(), { endpoints: [], namespaces: [] });
      }
    },
    { skip: older },
  );

  test(
    'no namespaces in the older library',
    async () => {
      const error = await rejection(connect(hns, { ...web, attachment: 'namespace' }));
      assert.equal(error['code'], 'ERR_CONTAINERV_UNSUPPORTED');
    },
    { skip: !older },
  );
});

test('many at once', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `c${index}`);
  await Promise.all(ids.map(async (containerId) => connect(hns, { ...web, containerId, network: PLAIN })));
  await Promise.all(ids.map(async (id) => disconnect(hns, id)));
});
