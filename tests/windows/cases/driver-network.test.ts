// Containers with networks: endpoints made, attached, completed from inside, and gone with what they were for.
import assert from 'node:assert/strict';
import type { ContainerOptions } from 'containerv-api';
import { connect, disconnect, openHns } from '../../../packages/containerv-hns/src/index.js';
import { driverHome } from '../support/driver.js';
import { GUEST, inject, rejection } from '../support/fake.js';
import { type FakeHost, setHost } from '../support/fake-networks.js';
import { after, afterEach, beforeEach, describe, test } from '../support/node-test.js';

const older = process.env['CONTAINERV_HNS_LIBRARY'] === 'vmcompute';
const HOST: FakeHost = {
  networks: [
    {
      id: '11111111-2222-3333-4444-555555555555',
      name: 'nat',
      type: 'NAT',
      prefix: '172.20.0.0/16',
      gateway: '172.20.0.1',
    },
  ],
};
// The older library has no namespaces, which schema v2 attaches by.
const schema = older ? 'v1' : 'v2';
const own: ContainerOptions = {
  id: 'web',
  windows: { isolation: 'process', schema },
  network: { containerIp: '172.20.0.10', dns: ['8.8.8.8'], ports: [{ host: 8080, container: 80 }] },
};
const home = driverHome();
after(() => home.remove());
beforeEach(() => setHost(HOST));
afterEach(async () => home.checkNothingLeft());

const isolations = older ? (['process'] as const) : (['process', 'hyperv'] as const);

for (const isolation of isolations) {
  test(`${isolation} isolation: an endpoint for as long as it runs, and what became of each field`, async () => {
    await using container = await home.create({ ...own, windows: { isolation, schema } });
    const { network, networkFields } = container.enforced;
    assert.deepEqual(
      [network, networkFields],
      ['private', { address: 'endpoint', dns: 'endpoint', ports: 'endpoint' }],
    );
    const { networkRxBytes, networkTxPackets } = await container.stats();
    assert.deepEqual([networkRxBytes, networkTxPackets], [100, 4]);
    const hns = await openHns();
    assert.deepEqual(
      (await hns.ownEndpoints()).map(({ name }) => name),
      ['chef-web'],
    );
    await container.stop();
    assert.deepEqual(await hns.ownEndpoints(), []);
    await container.start();
    assert.equal((await hns.ownEndpoints()).length, 1);
    assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
  });
}

test('without a network there is no endpoint', async () => {
  await using container = await home.create({ ...own, network: 'none' });
  assert.deepEqual(
    [container.enforced.network, container.enforced.networkFields, await (await openHns()).ownEndpoints()],
    ['none', undefined, []],
  );
  assert.equal((await container.stats()).networkRxBytes, null);
});

describe('what the service does not apply', () => {
  test('is configured inside', async () => {
    setHost({ ...HOST, dropped: ['dns'] });
    await using container = await home.create(own);
    assert.deepEqual(container.enforced.networkFields, {
      address: 'endpoint',
      dns: 'in-container',
      ports: 'endpoint',
    });
  });

  test('and cannot be configured inside rejects', async () => {
    setHost({ ...HOST, dropped: ['dns'] });
    // Neither PowerShell nor netsh is there.
    inject({ function: 'HcsCreateProcess', times: 2, hresult: 0x80070002 });
    const error = await rejection(home.create(own));
    assert.equal(error['code'], 'ERR_CONTAINERV_HNS');
    assert.match(error.message, /dns could not be applied/);
  });

  test('and exists only at the endpoint rejects', async () => {
    setHost({ ...HOST, dropped: ['PortMapping', 'NAT'] });
    assert.equal((await rejection(home.create(own)))['code'], 'ERR_CONTAINERV_HNS');
  });
});

describe('bad input', () => {
  test('a host without networks', async () => {
    setHost({ networks: [] });
    const error = await rejection(home.create(own));
    assert.equal(error['code'], 'ERR_CONTAINERV_HNS');
    assert.equal(typeof error['hint'], 'string');
  });

  test('an answer that is none', async () => {
    inject({ function: older ? 'HNSCall GET /networks/' : 'HcnEnumerateNetworks', garbage: true });
    const error = await rejection(home.create(own));
    assert.equal(error.name, 'ContainervError');
    assert.match(String(error['code']), /HNS|PROTOCOL/);
  });

  test('an endpoint that is refused, such as on a network that was deleted in between', async () => {
    inject({ function: older ? 'HNSCall POST /endpoints/' : 'HcnCreateEndpoint', hresult: 0x803b0001 });
    const error = await rejection(home.create(own));
    assert.equal(error['code'], 'ERR_CONTAINERV_HNS');
    assert.equal(error['hresult'], 0x803b0001);
  });

  test('an endpoint of this name that is there already', async () => {
    const hns = await openHns();
    const network = {
      mode: 'private',
      containerIp: undefined,
      prefixLength: undefined,
      hostIp: undefined,
      gateway: undefined,
      dns: undefined,
      bridge: undefined,
      switchName: undefined,
      ports: [],
      nat: true,
      egress: undefined,
    } as const;
    await connect(hns, { containerId: 'web', network, attachment: 'endpoint-list' });
    assert.equal((await rejection(home.create(own)))['code'], 'ERR_CONTAINERV_EXISTS');
    await disconnect(hns, 'web');
  });
});
