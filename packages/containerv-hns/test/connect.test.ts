import { ContainervError } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { type ConnectRequest, connect } from '../src/connect.js';
import { disconnect, sweep } from '../src/disconnect.js';
import { namespaceId } from '../src/names.js';
import { MemoryHns } from './support/memory-hns.js';
import { EVERYTHING, wanted } from './support/options.js';

const web: ConnectRequest = { containerId: 'web', network: EVERYTHING, attachment: 'namespace' };
const fault = new ContainervError('ERR_CONTAINERV_HNS', 'as wished');

describe('connecting', () => {
  test('an endpoint in a namespace', async () => {
    const hns = new MemoryHns();
    const connection = await connect(hns, web);
    expect(connection).toMatchObject({
      network: { name: 'nat' },
      endpoint: { name: 'chef-web' },
      namespaceId: namespaceId('web'),
      outcome: {
        address: 'endpoint',
        gateway: 'endpoint',
        dns: 'endpoint',
        ports: 'endpoint',
        egress: 'endpoint',
      },
    });
    expect(hns.namespaces.get(namespaceId('web'))).toEqual(new Set([connection.endpoint.id]));
  });

  test('an endpoint for a list', async () => {
    const hns = new MemoryHns();
    const { namespaceId: namespace } = await connect(hns, { ...web, attachment: 'endpoint-list' });
    expect(namespace).toBeUndefined();
    expect(hns.calls).not.toContain('createNamespace');
  });

  test('the network that was asked for', async () => {
    const hns = new MemoryHns();
    hns.offered = [
      ...hns.offered,
      { id: hns.offered[0]?.id ?? '', name: 'x', type: 'Overlay', switchName: 'Lan' },
    ];
    const network = wanted({ switchName: 'lan' });
    expect((await connect(hns, { ...web, network })).network.name).toBe('x');
  });

  test('no network, nothing touched', async () => {
    const hns = new MemoryHns();
    hns.offered = [];
    await expect(connect(hns, web)).rejects.toMatchObject({ code: 'ERR_CONTAINERV_HNS' });
    expect(hns.calls).toEqual(['networks']);
  });

  test('twice: the first stays', async () => {
    const hns = new MemoryHns();
    await connect(hns, web);
    await expect(connect(hns, web)).rejects.toMatchObject({ code: 'ERR_CONTAINERV_EXISTS' });
    expect(hns.held.size).toBe(1);
    expect(hns.namespaces.size).toBe(1);
  });

  test.for(['createEndpoint', 'endpoint', 'createNamespace', 'addToNamespace'] as const)(
    'a failure of %s leaves nothing and is what the caller hears of',
    async (method) => {
      const hns = new MemoryHns();
      hns.faults[method] = fault;
      await expect(connect(hns, web)).rejects.toBe(fault);
      expect([hns.held.size, hns.namespaces.size]).toEqual([0, 0]);
    },
  );

  test('a failure of the removal does not hide the first', async () => {
    const hns = new MemoryHns();
    hns.faults.createNamespace = fault;
    hns.faults.deleteEndpoint = new Error('another');
    await expect(connect(hns, web)).rejects.toBe(fault);
  });
});

describe('what HNS did not apply', () => {
  test('is left for the inside of the container', async () => {
    const hns = new MemoryHns();
    hns.change = (endpoint) => ({ ...endpoint, addresses: [], dns: [] });
    expect((await connect(hns, web)).outcome).toMatchObject({
      address: 'not applied',
      gateway: 'endpoint',
      dns: 'not applied',
    });
  });

  test.for(['ports', 'egress'] as const)('%s cannot be had there', async (field) => {
    const hns = new MemoryHns();
    const type = field === 'egress' ? 'ACL' : 'PortMapping';
    hns.change = (endpoint) => ({
      ...endpoint,
      policies: endpoint.policies.filter(({ Type }) => Type !== type),
    });
    await expect(connect(hns, web)).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_HNS',
      message: expect.stringContaining(field) as string,
    });
    expect(hns.held.size).toBe(0);
  });

  test('is accepted where it is optional; what may be reached never is', async () => {
    const hns = new MemoryHns();
    hns.change = (endpoint) => ({
      ...endpoint,
      policies: endpoint.policies.filter(({ Type }) => Type !== 'PortMapping'),
    });
    expect((await connect(hns, { ...web, optional: ['ports'] })).outcome.ports).toBe('not applied');
    await expect(connect(hns, { ...web, optional: ['egress'] })).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_INVALID_OPTION',
    });
  });
});

describe('disconnecting', () => {
  test('removes everything, in order, as often as wanted', async () => {
    const hns = new MemoryHns();
    await connect(hns, web);
    hns.calls.length = 0;
    await disconnect(hns, 'web');
    expect(hns.calls).toEqual([
      'ownEndpoints',
      'removeFromNamespace',
      'deleteEndpoint',
      'ownNamespaces',
      'deleteNamespace',
    ]);
    expect([hns.held.size, hns.namespaces.size]).toEqual([0, 0]);
    await disconnect(hns, 'web');
  });

  test('detaches in the older way', async () => {
    const hns = new MemoryHns();
    const { endpoint } = await connect(hns, { ...web, attachment: 'endpoint-list' });
    await hns.attach(endpoint.id, 'web');
    await disconnect(hns, 'web');
    expect(hns.calls).toContain('detach');
    expect(hns.held.size).toBe(0);
  });

  test('goes on after a failure, and tells of all', async () => {
    const hns = new MemoryHns();
    await connect(hns, web);
    hns.faults.removeFromNamespace = fault;
    const error = await disconnect(hns, 'web').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_HNS' });
    expect(((error as Error).cause as AggregateError).errors).toHaveLength(3);
    expect(hns.calls).toContain('deleteNamespace');
  });
});

describe('sweeping', () => {
  test('takes what is of containers that are not alive, and nothing of others', async () => {
    const hns = new MemoryHns();
    await connect(hns, { ...web, containerId: 'gone', network: wanted() });
    const alive = await connect(hns, { ...web, network: wanted() });
    const foreign = '99999999-0000-0000-0000-000000000000';
    hns.held.set(foreign, { ...alive.endpoint, id: foreign, name: 'somebody', namespaceId: undefined });
    hns.namespaces.set(foreign, new Set());
    expect(await sweep(hns, new Set(['web']))).toEqual({
      endpoints: ['chef-gone'],
      namespaces: [namespaceId('gone')],
    });
    expect([...hns.held.keys()]).toEqual([alive.endpoint.id, foreign]);
    expect([...hns.namespaces.keys()]).toEqual([namespaceId('web'), foreign]);
  });

  test('a namespace whose endpoint is gone', async () => {
    const hns = new MemoryHns();
    await hns.createNamespace(namespaceId('gone'));
    expect(await sweep(hns, new Set())).toEqual({ endpoints: [], namespaces: [namespaceId('gone')] });
  });

  test('tells of what stays, after everything was tried', async () => {
    const hns = new MemoryHns();
    await connect(hns, { ...web, containerId: 'a' });
    await connect(hns, { ...web, containerId: 'b' });
    hns.faults.removeFromNamespace = fault;
    await expect(sweep(hns, new Set())).rejects.toMatchObject({ code: 'ERR_CONTAINERV_HNS' });
    expect(hns.calls.filter((call) => call === 'deleteEndpoint')).toHaveLength(2);
  });
});
