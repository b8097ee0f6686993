import { expect, test } from 'vitest';
import { type Network, resolveContainerOptions } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (network: unknown): unknown =>
  resolveContainerOptions({ network: network as Network }).network;

test.for([
  [undefined, { mode: 'none' }],
  ['none', { mode: 'none' }],
  ['host', { mode: 'host' }],
  [{ enable: false, containerIp: '10.0.0.2' }, { mode: 'none' }],
] as const)('%j is %j', ([network, resolved]) => {
  expect(resolve(network)).toEqual(resolved);
});

test('a network of its own has the documented defaults', () => {
  expect(resolve({})).toEqual({
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
  });
});

test('every field arrives', () => {
  expect(
    resolve({
      containerIp: '10.1.0.2',
      netmask: '255.255.255.0',
      hostIp: '10.1.0.1',
      gateway: 'fd00::1',
      dns: '1.1.1.1',
      bridge: 'br0',
      switchName: 'Default Switch',
      ports: [
        { host: 8080, container: 80 },
        { host: 8080, container: 53, protocol: 'udp', hostIp: '127.0.0.1' },
      ],
      nat: false,
      egress: ['10.0.0.0/8', '2001:db8::/32', '1.1.1.1'],
    }),
  ).toEqual({
    mode: 'private',
    containerIp: '10.1.0.2',
    prefixLength: 24,
    hostIp: '10.1.0.1',
    gateway: 'fd00::1',
    dns: ['1.1.1.1'],
    bridge: 'br0',
    switchName: 'Default Switch',
    ports: [
      { host: 8080, container: 80, protocol: 'tcp', hostIp: undefined },
      { host: 8080, container: 53, protocol: 'udp', hostIp: '127.0.0.1' },
    ],
    nat: false,
    egress: ['10.0.0.0/8', '2001:db8::/32', '1.1.1.1'].map((address) => ({
      address,
      isHostName: false,
      ports: undefined,
      protocol: undefined,
    })),
  });
});

test('a host port may lead to different places by address and protocol', () => {
  const ports = [
    { host: 80, container: 1, hostIp: '127.0.0.1' },
    { host: 80, container: 2, hostIp: '127.0.0.2' },
    { host: 80, container: 3, protocol: 'udp' },
  ];
  expect(resolve({ ports })).toMatchObject({ ports });
});

test('single addresses are blocks too', () => {
  const egress = ['10.0.0.1/32', '::1/128', '0.0.0.0/0'];
  expect(resolve({ egress })).toMatchObject({ egress: egress.map((address) => ({ address })) });
});

test('egress by host name, ports and protocol', () => {
  const egress = [
    { address: 'Registry.NPMJS.org.', ports: [443, [8000, 8080] as const], protocol: 'tcp' as const },
    { address: 'localhost', ports: [] },
    { address: '3com.example' },
  ];
  expect(resolve({ egress })).toMatchObject({
    egress: [
      {
        address: 'registry.npmjs.org',
        isHostName: true,
        ports: [443, [8000, 8080]],
        protocol: 'tcp',
      },
      { address: 'localhost', isHostName: true, ports: [], protocol: undefined },
      { address: '3com.example', isHostName: true, ports: undefined },
    ],
  });
});

test('an empty list permits nothing and is told from no list', () => {
  expect(resolve({ egress: [], dns: [] })).toMatchObject({ egress: [], dns: [] });
});

test.for([
  ['0.0.0.0', 0],
  ['255.0.0.0', 8],
  ['255.255.240.0', 20],
  ['255.255.255.255', 32],
  [0, 0],
  [16, 16],
  [128, 128],
  [64, 64],
] as const)('netmask %s has prefix length %i', ([netmask, prefixLength]) => {
  expect(resolve({ netmask })).toMatchObject({ prefixLength });
});

test.for([
  ['nat', "`network` to be one of 'none', 'host', or an object of network options"],
  [null, '`network` to be an object'],
  [{ enable: 1 }, '`network.enable`'],
  [{ enable: false, containerIp: 'x' }, '`network.containerIp`'],
  [{ containerIp: '10.0.0' }, '`network.containerIp`'],
  [{ containerIp: '010.0.0.1' }, '`network.containerIp`'],
  [{ containerIp: 'fe80::1%eth0' }, '`network.containerIp`'],
  [{ netmask: '255.0.255.0' }, '`network.netmask`'],
  [{ netmask: '24' }, '`network.netmask`'],
  [{ netmask: 129 }, '`network.netmask`'],
  [{ netmask: -1 }, '`network.netmask`'],
  [{ gateway: 'gw' }, '`network.gateway`'],
  [{ dns: ['1.1.1.1', 'dns'] }, '`network.dns[1]`'],
  [{ bridge: '' }, '`network.bridge`'],
  [{ bridge: 'a/b' }, '`network.bridge`'],
  [{ bridge: '..' }, '`network.bridge`'],
  [{ bridge: 'x'.repeat(16) }, '`network.bridge`'],
  [{ switchName: '' }, '`network.switchName`'],
  [{ ports: [{ host: 0, container: 1 }] }, '`network.ports[0].host`'],
  [{ ports: [{ host: 1, container: 65_536 }] }, '`network.ports[0].container`'],
  [{ ports: [{ host: 1, container: 1, protocol: 'sctp' }] }, '`network.ports[0].protocol`'],
  [{ ports: [{ host: 1, container: 1, hostIp: 'x' }] }, '`network.ports[0].hostIp`'],
  [
    {
      ports: [
        { host: 1, container: 1 },
        { host: 1, container: 2 },
      ],
    },
    'maps host port 1 twice',
  ],
  [{ nat: 'yes' }, '`network.nat`'],
  [{ egress: '10.0.0.0/8' }, '`network.egress` to be an array'],
  [{ egress: ['10.0.0.0/33'] }, '`network.egress[0]`'],
  [{ egress: ['10.0.0.0/'] }, '`network.egress[0]`'],
  [{ egress: ['10.0.0.0/8/8'] }, '`network.egress[0]`'],
  [{ egress: ['::/129'] }, '`network.egress[0]`'],
  [{ egress: ['exa mple.com'] }, '`network.egress[0]`'],
  [{ egress: ['example.com/24'] }, '`network.egress[0]`'],
  [{ egress: ['evil.com\0.example.com'] }, '`network.egress[0]`'],
  [{ egress: ['-a.example.com'] }, '`network.egress[0]`'],
  [{ egress: ['*.example.com'] }, '`network.egress[0]`'],
  [{ egress: ['10.1'] }, '`network.egress[0]`'],
  [{ egress: ['10.0.0.256'] }, '`network.egress[0]`'],
  [{ egress: ['0x7f000001'] }, '`network.egress[0]`'],
  [{ egress: ['fe80::1%eth0'] }, '`network.egress[0]`'],
  [{ egress: [{ address: '10.0.0.1/08' }] }, '`network.egress[0].address`'],
  [{ egress: [{ address: '10.0.0.1', ports: [0] }] }, '`network.egress[0].ports[0]`'],
  [{ egress: [{ address: '10.0.0.1', ports: [[2, 1]] }] }, '`network.egress[0].ports[0]`'],
  [{ egress: [{ address: '10.0.0.1', ports: [[1, 2, 3]] }] }, '`network.egress[0].ports[0]`'],
  [{ egress: [{ address: '10.0.0.1', ports: 80 }] }, '`network.egress[0].ports`'],
  [{ egress: [{ address: '10.0.0.1', protocol: 'icmp' }] }, '`network.egress[0].protocol`'],
  [{ egress: [{ host: '10.0.0.1' }] }, 'Unknown option `host` in `network.egress[0]`'],
] as const)('%j is refused', ([network, part]) => {
  expectInvalid(() => resolve(network), part);
});
