import { describe, expect, test } from 'vitest';
import { networkOptions } from '../src/cli/network-options.js';
import { Cli } from './cli.js';

function optionsOf(...pairs: readonly (readonly [option: string, ...values: string[]])[]): unknown {
  const values = new Map(pairs.map(([option, ...rest]) => [option, rest]));
  return networkOptions({ values, switches: new Set(), operands: [] });
}

test.for([
  [[], undefined],
  [[['network', 'none']], 'none'],
  [[['network', 'host']], 'host'],
  [[['network', 'private']], {}],
  [[['network', 'bridge:web0']], { bridge: 'web0' }],
  [[['dns', '192.0.2.1', '2001:db8::1']], { dns: ['192.0.2.1', '2001:db8::1'] }],
  [[['egress', 'none']], { egress: [] }],
  [[['publish', '8080:80']], { ports: [{ host: 8080, container: 80, protocol: 'tcp' }] }],
  [
    [['publish', '127.0.0.1:53:5353/udp']],
    { ports: [{ host: 53, container: 5353, protocol: 'udp', hostIp: '127.0.0.1' }] },
  ],
  [[['publish', '[::1]:1:2']], { ports: [{ host: 1, container: 2, protocol: 'tcp', hostIp: '::1' }] }],
] as const)('%j is %j', ([given, expected]) => {
  expect(optionsOf(...given)).toEqual(expected);
});

test.for([
  ['192.0.2.1', { address: '192.0.2.1' }],
  ['10.0.0.0/8', { address: '10.0.0.0/8' }],
  ['10.0.0.0/8:443/tcp', { address: '10.0.0.0/8', ports: [[443, 443]], protocol: 'tcp' }],
  ['registry.npmjs.org:443', { address: 'registry.npmjs.org', ports: [[443, 443]] }],
  ['example.org:8000-8080/udp', { address: 'example.org', ports: [[8000, 8080]], protocol: 'udp' }],
  ['2001:db8::/32', { address: '2001:db8::/32' }],
  ['2001:db8::1', { address: '2001:db8::1' }],
  ['[2001:db8::1]:53/udp', { address: '2001:db8::1', ports: [[53, 53]], protocol: 'udp' }],
  ['[2001:db8::]/32:53', { address: '2001:db8::/32', ports: [[53, 53]] }],
] as const)('--egress %s', ([text, rule]) => {
  expect(optionsOf(['egress', text])).toEqual({ egress: [rule] });
});

test.for([
  [['network', 'nonee']],
  [['network', 'web0']],
  [['publish', '80']],
  [['publish', '::1:80:80']],
  [['publish', '80:80/icmp']],
  [['publish', 'x:80']],
  [['egress', '']],
  [['egress', 'example.org:https']],
  [['egress', 'example.org:']],
  [['egress', 'none', '192.0.2.1']],
  [
    ['network', 'none'],
    ['publish', '80:80'],
  ],
  [
    ['network', 'host'],
    ['egress', 'none'],
  ],
] as const)('%j is refused', (given) => {
  expect(() => optionsOf(...given)).toThrow(/--(?:network|publish|egress)/);
});

describe('containerv', () => {
  test('run -p makes a private network', async () => {
    const cli = new Cli();
    const { status } = await cli.run(['run', '-p', '8080:80', '--egress', 'none', '--', 'true']);
    expect(status).toBe(0);
    expect(cli.details('create')).toMatchObject({
      network: { mode: 'private', ports: [{ host: 8080, container: 80, protocol: 'tcp' }], egress: [] },
    });
  });

  test('network ls lists networks, as a table or as JSON', async () => {
    const cli = new Cli();
    const networks = [
      {
        name: 'web0',
        subnet: '10.209.16.0/24',
        hostIp: '10.209.16.1',
        shared: true,
        containers: [{ id: 'web', address: '10.209.16.7' }],
      },
    ];
    const env = { FAKE_NETWORKS: JSON.stringify(networks) };
    const { stdout } = await cli.run(['network', 'ls'], env);
    expect(stdout).toMatch(
      /^NAME +SUBNET +HOST +SHARED +CONTAINERS\nweb0 +10\.209\.16\.0\/24 .*web \(10\.209\.16\.7\)\n$/,
    );
    expect(JSON.parse((await cli.run(['network', 'ls', '--json'], env)).stdout)).toEqual(networks);
    expect(await cli.run(['network', 'rm'])).toMatchObject({ status: 125 });
  });
});
