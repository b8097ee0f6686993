import type { NetworkOptions, ResolvedPrivateNetwork } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { connectError } from '../../src/network/user-network.js';
import { pastaArguments, refuseWhatTakesRoot } from '../../src/network/user-network-options.js';
import { specOf } from '../support/spec.js';
import { thrownBy } from '../support/thrown.js';

function resolved(network: NetworkOptions): ResolvedPrivateNetwork {
  return specOf({ network }).network as ResolvedPrivateNetwork;
}

/** What follows each of the options of this name. */
function values(network: NetworkOptions, option: string): string[] {
  const words = pastaArguments(resolved(network), false);
  return words.flatMap((word, index) => (word === option ? [words[index + 1] ?? ''] : []));
}

test.for<[string, NetworkOptions]>([
  ['network.bridge', { bridge: 'mine' }],
  ['network.hostIp', { hostIp: '10.1.2.1' }],
  ['network.nat', { nat: false }],
  ['network.gateway', { gateway: '10.1.2.1' }],
  [
    'several addresses',
    {
      ports: [
        { host: 80, container: 1, hostIp: '127.0.0.1' },
        { host: 80, container: 2, hostIp: '127.0.0.2' },
      ],
    },
  ],
])('what pasta cannot do is refused: %s', ([name, network]) => {
  const error = thrownBy(() => refuseWhatTakesRoot(resolved(network)));
  expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check options' });
  expect(error.message).toContain(name);
  expect(error.hint).not.toBe('');
});

test.for<NetworkOptions>([
  {},
  { egress: [], dns: '192.0.2.53' },
  { containerIp: '10.1.2.3', netmask: 16, gateway: '10.1.0.1' },
  {
    ports: [
      { host: 80, container: 80 },
      { host: 80, container: 80, protocol: 'udp' },
    ],
  },
])('the rest is not: %j', (network) => {
  expect(() => refuseWhatTakesRoot(resolved(network))).not.toThrow();
});

describe('nothing that pasta does by default is left to it', () => {
  test.for(['--tcp-ns', '--udp-ns', '--tcp-ports', '--udp-ports'])('%s', (option) => {
    expect(values({}, option)).toEqual(['none']);
  });

  test('the loopback interface of the host stays its own', () => {
    expect(pastaArguments(resolved({}), false)).toContain('--no-map-gw');
  });

  test('UDP ports do not follow those of TCP, nor the other way round', () => {
    const tcp: NetworkOptions = { ports: [{ host: 8080, container: 80, hostIp: '127.0.0.1' }] };
    expect(values(tcp, '--tcp-ports')).toEqual(['127.0.0.1/8080:80']);
    expect(values(tcp, '--udp-ports')).toEqual(['none']);
    const udp: NetworkOptions = { ports: [{ host: 53, container: 5353, protocol: 'udp' }] };
    expect(values(udp, '--udp-ports')).toEqual(['53:5353']);
    expect(values(udp, '--tcp-ports')).toEqual(['none']);
  });

  test('several ports', () => {
    const ports = [
      { host: 1, container: 2, hostIp: '::1' },
      { host: 3, container: 4 },
    ];
    expect(values({ ports }, '--tcp-ports')).toEqual(['::1/1:2', '3:4']);
  });
});

test.for<[NetworkOptions, string, string]>([
  [{ containerIp: '10.1.2.3' }, '24', '10.1.2.1'],
  [{ containerIp: '10.1.2.1' }, '24', '10.1.2.2'],
  [{ containerIp: '10.1.2.3', netmask: '255.255.0.0' }, '16', '10.1.0.1'],
  [{ containerIp: '10.1.2.3', gateway: '10.1.2.9' }, '24', '10.1.2.9'],
])('an address is used as given: %j', ([network, netmask, gateway]) => {
  expect(values(network, '--address')).toEqual([network.containerIp]);
  expect(values(network, '--netmask')).toEqual([netmask]);
  expect(values(network, '--gateway')).toEqual([gateway]);
});

test('questions for a name server are forwarded only where there is no other way', () => {
  expect(pastaArguments(resolved({}), false)).not.toContain('--dns-forward');
  expect(pastaArguments(resolved({}), true)).toEqual(
    expect.arrayContaining(['--dns-forward', '169.254.1.1']) as unknown,
  );
});

test.for<[string, RegExp, RegExp]>([
  [
    'Failed to send 46 bytes to syslog\nExternal interface not usable\n',
    /: External interface/,
    /default route/,
  ],
  ["Failed to bind any port for '-t 81:1', exiting", /-t 81:1/, /in use/],
  ['', /execve failed/, /doctor/],
])('what it says is told, with a hint: %j', ([detail, message, hint]) => {
  const error = connectError({ step: 'connect network', syscall: 'execve', errno: 71, detail });
  expect(error).toMatchObject({ code: 'ERR_CONTAINERV_NETWORK', step: 'connect network' });
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain('syslog');
  expect(error.hint).toMatch(hint);
});
