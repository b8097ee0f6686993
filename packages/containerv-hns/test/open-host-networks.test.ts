import { ContainervError } from 'containerv-api';
import { expect, test } from 'vitest';
import { namespaceId } from '../src/names.js';
import { hostNetworks } from '../src/open-host-networks.js';
import { MemoryHns } from './support/memory-hns.js';
import { EVERYTHING, wanted } from './support/options.js';

const fault = new ContainervError('ERR_CONTAINERV_HNS', 'as wished');

test('from selection to removal', async () => {
  const hns = new MemoryHns();
  const networks = hostNetworks(hns);
  const network = await networks.selectNetwork(undefined);
  const endpoint = await networks.createEndpoint({ containerId: 'web', network, wanted: EVERYTHING });
  expect(endpoint).toMatchObject({ name: 'chef-web', gateway: '172.20.0.1', macAddress: undefined });
  expect(networks.compare(endpoint, EVERYTHING)).toEqual(
    ['containerIp', 'prefixLength', 'gateway', 'dns', 'ports', 'egress'].map((field) => ({
      field,
      applied: true,
    })),
  );
  const { id } = await networks.createNamespace([endpoint]);
  expect(hns.namespaces.get(id)).toEqual(new Set([endpoint.id]));
  expect(await networks.statistics(endpoint.id)).toEqual({
    rxBytes: 1,
    txBytes: 2,
    rxPackets: 3,
    txPackets: 4,
  });
  await networks.deleteEndpoint(endpoint.id);
  await networks.deleteEndpoint(endpoint.id);
  await networks.deleteNamespace(id);
  expect([hns.held.size, hns.namespaces.size]).toEqual([0, 0]);
});

test('a leftover of the same name is replaced', async () => {
  const hns = new MemoryHns();
  const networks = hostNetworks(hns);
  const request = { containerId: 'web', network: await networks.selectNetwork(undefined), wanted: wanted() };
  const first = await networks.createEndpoint(request);
  await networks.createNamespace([first]);
  const second = await networks.createEndpoint(request);
  expect([...hns.held.keys()]).toEqual([second.id]);
  expect(hns.namespaces.size).toBe(0);
});

test('what was not applied is told, each on its own; what cannot be configured inside rejects', async () => {
  const hns = new MemoryHns();
  const networks = hostNetworks(hns);
  const network = await networks.selectNetwork(undefined);
  hns.change = (endpoint) => ({
    ...endpoint,
    addresses: [{ address: '172.20.0.10', prefixLength: 24 }],
    dns: [],
  });
  const endpoint = await networks.createEndpoint({ containerId: 'web', network, wanted: EVERYTHING });
  expect(networks.compare(endpoint, EVERYTHING).filter(({ applied }) => !applied)).toEqual([
    { field: 'prefixLength', applied: false },
    { field: 'dns', applied: false },
  ]);
  hns.change = (made) => ({ ...made, policies: [] });
  await expect(
    networks.createEndpoint({ containerId: 'web', network, wanted: wanted({ egress: [] }) }),
  ).rejects.toMatchObject({ code: 'ERR_CONTAINERV_HNS' });
  expect(hns.held.size).toBe(0);
});

test('a network that was deleted in between, and an abort, leave nothing', async () => {
  const hns = new MemoryHns();
  const networks = hostNetworks(hns);
  const network = await networks.selectNetwork(undefined);
  const request = { containerId: 'web', network, wanted: wanted() };
  await expect(networks.createEndpoint({ ...request, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_ABORTED',
  });
  hns.offered = [];
  await expect(networks.createEndpoint(request)).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_HNS',
    message: expect.stringContaining('deleted meanwhile') as string,
  });
  expect(hns.held.size).toBe(0);
});

test('a namespace that could not get its endpoint is no more', async () => {
  const hns = new MemoryHns();
  const networks = hostNetworks(hns);
  const network = await networks.selectNetwork(undefined);
  const endpoint = await networks.createEndpoint({ containerId: 'web', network, wanted: wanted() });
  hns.faults.addToNamespace = fault;
  await expect(networks.createNamespace([endpoint])).rejects.toBe(fault);
  expect(hns.namespaces.size).toBe(0);
});

test('a sweep tells what it removed and what stays', async () => {
  const hns = new MemoryHns();
  const networks = hostNetworks(hns);
  const network = await networks.selectNetwork(undefined);
  for (const containerId of ['gone', 'web']) {
    const endpoint = await networks.createEndpoint({ containerId, network, wanted: wanted() });
    await networks.createNamespace([endpoint]);
  }
  hns.faults.deleteNamespace = fault;
  expect(await networks.sweep(new Set(['web']))).toEqual({
    removed: ['endpoint chef-gone'],
    failed: [{ name: namespaceId('gone'), message: 'as wished' }],
  });
});
