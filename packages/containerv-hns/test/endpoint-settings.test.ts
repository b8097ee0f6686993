import { resolveContainerOptions } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { endpointSettings } from '../src/endpoint-settings.js';
import { containerOfEndpoint, endpointName, isOwnNamespace, namespaceId } from '../src/names.js';
import { resolveEgress } from '../src/resolve-egress.js';
import { BRIDGE, NAT, wanted } from './support/options.js';

test.for([
  ['an address outside of all subnets and no mask', wanted({ containerIp: '10.0.0.1' }), NAT],
  ['a mask without an address', wanted({ prefixLength: 24 }), NAT],
  ['a mask that is too long', wanted({ containerIp: '172.20.0.10', prefixLength: 64 }), NAT],
  ['no address', wanted({ containerIp: 'host' }), NAT],
  ['a zone', wanted({ dns: ['fe80::1%1'] }), NAT],
  [
    'a host name nobody resolved',
    wanted({ egress: [{ address: 'a.b', isHostName: true, ports: undefined, protocol: undefined }] }),
    NAT,
  ],
] as const)('refuses %s', ([, network, host]) => {
  expect(() => endpointSettings('web', host, network)).toThrow(
    expect.objectContaining({ code: 'ERR_CONTAINERV_INVALID_OPTION' }) as Error,
  );
});

test.for([
  ['a bridge', wanted({ bridge: 'br0' }), NAT],
  [
    'a port on one address',
    wanted({ ports: [{ host: 1, container: 1, protocol: 'tcp', hostIp: '127.0.0.1' }] }),
    NAT,
  ],
  [
    'to reach beyond a network without its translation',
    wanted({
      nat: false,
      egress: [{ address: '8.8.8.8', isHostName: false, ports: undefined, protocol: undefined }],
    }),
    NAT,
  ],
] as const)('Windows cannot do %s', ([, network, host]) => {
  expect(() => endpointSettings('web', host, network)).toThrow(
    expect.objectContaining({ code: 'ERR_CONTAINERV_UNSUPPORTED' }) as Error,
  );
});

test('refuses a bad MAC address and a misspelt option', () => {
  expect(() => endpointSettings('web', NAT, wanted(), { mac: 'x' })).toThrow(/MAC address/);
  expect(() => endpointSettings('web', NAT, wanted(), { Mac: 'x' } as object)).toThrow(/mac/);
});

test('the mask comes from the subnet that the address is in', () => {
  expect(endpointSettings('web', NAT, wanted({ containerIp: 'fd00:20::5' })).addresses).toEqual([
    { address: 'fd00:20::5', prefixLength: 64 },
  ]);
});

test('a dotted mask whose ones are apart is refused where it is given', () => {
  const resolve = (netmask: string): unknown =>
    resolveContainerOptions({ network: { containerIp: '172.20.0.10', netmask } });
  expect(() => resolve('255.0.255.0')).toThrow(/netmask/);
  expect(() => resolve('255.255.0.0')).not.toThrow();
});

test('a port list that is empty allows nothing, one without a protocol both', () => {
  const rule = { address: '10.0.0.1', isHostName: false, protocol: undefined };
  const egress = (ports: readonly number[] | undefined): unknown =>
    endpointSettings('web', NAT, wanted({ egress: [{ ...rule, ports }] })).egress;
  expect(egress([])).toEqual([]);
  expect(egress([1])).toEqual([
    { block: '10.0.0.1', protocol: 'tcp', ports: '1' },
    { block: '10.0.0.1', protocol: 'udp', ports: '1' },
  ]);
  expect(egress(undefined)).toEqual([{ block: '10.0.0.1', protocol: undefined }]);
});

test('translation: never twice, never where it cannot be had, and not going beyond where it cannot be left out', () => {
  expect(endpointSettings('web', NAT, wanted()).outboundNat).toBeUndefined();
  expect(endpointSettings('web', BRIDGE, wanted()).outboundNat).toEqual({
    exceptions: ['172.20.0.0/16', 'fd00:20::/64'],
  });
  expect(endpointSettings('web', { ...BRIDGE, type: 'Transparent' }, wanted()).outboundNat).toBeUndefined();
  expect(endpointSettings('web', BRIDGE, wanted({ nat: false }))).toMatchObject({
    outboundNat: undefined,
    egress: undefined,
  });
  expect(endpointSettings('web', NAT, wanted({ nat: false })).egress).toEqual([
    { block: '172.20.0.0/16' },
    { block: 'fd00:20::/64' },
  ]);
});

describe('names', () => {
  test('of endpoints lead back to their container', () => {
    expect(endpointName('web.1')).toBe('chef-web.1');
    expect(containerOfEndpoint('chef-web.1')).toBe('web.1');
    expect(['web', 'chef', 'chef-', 'chef-a b', 'chef-../x', 'Chef-web'].map(containerOfEndpoint)).toEqual(
      Array.from({ length: 6 }),
    );
    expect(() => endpointName('../x')).toThrow(/id/);
  });

  test('of namespaces are GUIDs, the same for the same container, and our own', () => {
    expect(namespaceId('web')).toMatch(/^63686566-6e73-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(namespaceId('web')).toBe(namespaceId('web'));
    expect(namespaceId('web')).not.toBe(namespaceId('Web'));
    expect(isOwnNamespace(namespaceId('web').toUpperCase())).toBe(true);
    expect(isOwnNamespace('c08cb7b8-9b3c-408e-8e30-5e16a3aeb444')).toBe(false);
  });
});

describe('host names of egress rules', () => {
  const rule = { address: 'a.b', isHostName: true, ports: [443], protocol: 'tcp' } as const;

  test('become all their addresses', async () => {
    expect(await resolveEgress([rule], async () => ['1.2.3.4', '::1'])).toEqual([
      { ...rule, address: '1.2.3.4', isHostName: false },
      { ...rule, address: '::1', isHostName: false },
    ]);
  });

  test('without an address are an error, not a missing rule', async () => {
    const refused = { code: 'ERR_CONTAINERV_NETWORK' };
    await expect(resolveEgress([rule], async () => [])).rejects.toMatchObject(refused);
    await expect(resolveEgress([rule], async () => Promise.reject(new Error('no')))).rejects.toMatchObject(
      refused,
    );
  });
});
