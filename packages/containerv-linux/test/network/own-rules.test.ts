import type { NetworkRule } from 'containerv-policy';
import { createPolicy } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { addTables } from '../../src/netlink/nft-table.js';
import { bytesOf, contains, parseAddress, parseRange } from '../../src/network/ip.js';
import { type Destination, type OwnRules, ownTable } from '../../src/network/own-rules.js';
import { NftMachine, type Outcome, type Packet } from '../support/nft-machine.js';
import { fc } from '../support/property.js';

const INPUT = 1;
const OUTPUT = 3;
const NEW = 8;
const ESTABLISHED = 2;

interface Flow {
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6';
  readonly destination: string;
  readonly port: number;
  readonly interface?: string;
  readonly state?: number;
}

function packetOf({ protocol, destination, port, interface: name = 'eth0', state = NEW }: Flow): Packet {
  const { family, address } = parseAddress(destination);
  const network = Buffer.alloc(40);
  network.set(bytesOf(address, family), family === 'inet' ? 16 : 24);
  const transport = Buffer.alloc(20);
  transport.writeUInt16BE(port, 2);
  // Of ICMP, the first byte is the type.
  if (protocol === 'icmp' || protocol === 'icmpv6') transport.writeUInt8(port, 0);
  const device = Buffer.alloc(16);
  device.write(name);
  const ctState = Buffer.alloc(4);
  ctState.writeUInt32LE(state);
  return {
    meta: {
      6: device,
      7: device,
      15: Uint8Array.of(family === 'inet' ? 2 : 10),
      16: Uint8Array.of({ tcp: 6, udp: 17, icmp: 1, icmpv6: 58 }[protocol]),
    },
    ct: { 0: ctState },
    network,
    transport,
  };
}

function machine(rules: OwnRules): NftMachine {
  const table = ownTable(rules);
  if (table === undefined) throw new Error('no table');
  return new NftMachine(addTables([table]));
}

const REFUSED: Readonly<Record<Flow['protocol'], Outcome>> = {
  tcp: 'reset',
  udp: 'prohibited',
  icmp: 'prohibited',
  icmpv6: 'prohibited',
};

test('nothing to enforce is no table', () => {
  expect(ownTable({ policy: undefined, egress: undefined })).toBeUndefined();
});

describe('whatever the rules', () => {
  test.for<[string, OwnRules]>([
    ['no policy, empty egress', { policy: undefined, egress: [] }],
    ['empty policy', { policy: [], egress: undefined }],
    ['both empty', { policy: [], egress: [] }],
  ])('%s: answers pass, and what finds neighbours; everything new does not', ([, rules]) => {
    const nft = machine(rules);
    for (const protocol of ['tcp', 'udp', 'icmp'] as const) {
      const flow = { protocol, destination: '192.0.2.1', port: 80 };
      expect(nft.run(OUTPUT, packetOf({ ...flow, state: ESTABLISHED }))).toBe('accept');
      expect(nft.run(OUTPUT, packetOf(flow))).toBe(REFUSED[protocol]);
    }
    for (const [type, outcome] of [
      [135, 'accept'],
      [136, 'accept'],
      [134, 'prohibited'],
      [128, 'prohibited'],
    ] as const) {
      const flow = { protocol: 'icmpv6', destination: 'fd00::1', port: type, state: 64 } as const;
      expect(nft.run(OUTPUT, packetOf(flow))).toBe(outcome);
    }
  });

  test('without rules of a policy, what arrives is not their business', () => {
    const nft = machine({ policy: undefined, egress: [] });
    expect(nft.run(INPUT, packetOf({ protocol: 'tcp', destination: '192.0.2.1', port: 80 }))).toBe('accept');
  });

  test('egress is about what leaves, not about the loopback interface', () => {
    const nft = machine({ policy: undefined, egress: [] });
    const flow = { protocol: 'tcp', destination: '127.0.0.1', port: 80, interface: 'lo' } as const;
    expect(nft.run(OUTPUT, packetOf(flow))).toBe('accept');
    // An interface whose name only starts that way is not it.
    expect(nft.run(OUTPUT, packetOf({ ...flow, interface: 'lo0' }))).toBe('reset');
  });
});

const addresses = ['10.1.2.3', '10.1.2.4', '10.200.0.1', '192.0.2.1', 'fd00::1', 'fd00::2', '2001:db8::9'];
const blocks = [
  '10.0.0.0/8',
  '10.1.2.0/24',
  '10.1.2.3',
  '0.0.0.0/0',
  '192.0.2.0/31',
  'fd00::/127',
  '::/0',
  'fd00::1',
];
const ports = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 6, max: 12 })),
);
const anyPorts = fc.option(fc.array(ports, { maxLength: 3 }), { nil: undefined });
const anyProtocol = fc.constantFrom(undefined, 'tcp' as const, 'udp' as const);
const anyFlow = fc.record({
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  destination: fc.constantFrom(...addresses),
  port: fc.integer({ min: 1, max: 14 }),
});

function covers(block: string | undefined, family: 'inet' | 'inet6', destination: string): boolean {
  const { family: its, address } = parseAddress(destination);
  return its === family && (block === undefined || contains(parseRange(block), its, address));
}

function hasPort(list: readonly (number | readonly [number, number])[] | undefined, port: number): boolean {
  return (
    list === undefined ||
    list.some((each) => (typeof each === 'number' ? each === port : each[0] <= port && port <= each[1]))
  );
}

test('egress: what is accepted is what is listed', () => {
  const rule = fc.record({ address: fc.constantFrom(...blocks), ports: anyPorts, protocol: anyProtocol });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), anyFlow, (egress: readonly Destination[], flow) => {
      const permitted = egress.some(
        ({ address, ports: list, protocol }) =>
          covers(address, parseRange(address).family, flow.destination) &&
          (protocol ?? flow.protocol) === flow.protocol &&
          hasPort(list, flow.port),
      );
      const outcome = machine({ policy: undefined, egress }).run(OUTPUT, packetOf(flow));
      expect(outcome).toBe(permitted ? 'accept' : REFUSED[flow.protocol]);
    }),
    { numRuns: 500 },
  );
});

const operations = ['connect', 'bind', 'listen', 'accept', 'send'] as const;
const anyRule = fc
  .record({
    family: fc.constantFrom('inet' as const, 'inet6' as const),
    protocol: anyProtocol,
    block: fc.option(fc.constantFrom(...blocks), { nil: undefined }),
    ports: anyPorts,
    allow: fc.option(fc.subarray([...operations]), { nil: undefined }),
  })
  .filter(
    ({ protocol, allow }) =>
      protocol !== 'udp' || !(allow ?? []).some((each) => each === 'listen' || each === 'accept'),
  )
  .map(({ block, ...rule }): NetworkRule => {
    const fits = block !== undefined && parseRange(block).family === rule.family;
    return JSON.parse(JSON.stringify({ ...rule, address: fits ? block : undefined })) as NetworkRule;
  });

test('rules of a policy: what is accepted is what they permit, in both directions', () => {
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 5 }), anyFlow, (rules, flow) => {
      const policy = createPolicy('network').addNetworkRules(rules).networkRules ?? [];
      const permits = (operation: (typeof operations)[number]): boolean =>
        policy.some(
          ({ family, protocol, address, ports: list, allow }) =>
            family !== 'unix' &&
            covers(address, family, flow.destination) &&
            (protocol ?? flow.protocol) === flow.protocol &&
            hasPort(list, flow.port) &&
            (allow ?? operations).includes(operation),
        );
      const udp = flow.protocol === 'udp';
      const leaves = permits('connect') || (udp && permits('send'));
      const arrives = udp ? permits('bind') : permits('accept') && permits('listen') && permits('bind');
      const nft = machine({ policy, egress: undefined });
      expect(nft.run(OUTPUT, packetOf(flow))).toBe(leaves ? 'accept' : REFUSED[flow.protocol]);
      expect(nft.run(INPUT, packetOf(flow))).toBe(arrives ? 'accept' : REFUSED[flow.protocol]);
    }),
    { numRuns: 1000 },
  );
});

test('what leaves needs both, egress and a rule', () => {
  const policy: readonly NetworkRule[] = [{ family: 'inet', ports: [80] }];
  const nft = machine({ policy, egress: [{ address: '10.0.0.0/8', ports: undefined, protocol: undefined }] });
  const outcome = (destination: string, port: number): Outcome =>
    nft.run(OUTPUT, packetOf({ protocol: 'tcp', destination, port }));
  expect(outcome('10.1.1.1', 80)).toBe('accept');
  expect(outcome('10.1.1.1', 81)).toBe('reset');
  expect(outcome('11.1.1.1', 80)).toBe('reset');
});

describe('addresses that nobody may reach', () => {
  const unreachable = ['192.0.2.2', '10.209.0.1', 'fe80::1', '127.0.0.0/8'].map(parseRange);
  const to = (destination: string, more: Partial<Flow> = {}): Flow => ({
    protocol: 'tcp',
    destination,
    port: 80,
    ...more,
  });

  test.for(['192.0.2.2', '10.209.0.1', 'fe80::1', '127.0.0.1'])('%s', (destination) => {
    const rules = machine({ policy: undefined, egress: undefined, unreachable });
    expect(rules.run(OUTPUT, packetOf(to(destination)))).toBe('reset');
    expect(rules.run(OUTPUT, packetOf(to(destination, { protocol: 'udp' })))).toBe('prohibited');
    // The same address inside, and what answers a connection from there.
    expect(rules.run(OUTPUT, packetOf(to(destination, { interface: 'lo' })))).toBe('accept');
    expect(rules.run(OUTPUT, packetOf(to(destination, { state: ESTABLISHED })))).toBe('accept');
  });

  test('others stay as the rest of the rules has them', () => {
    const free = machine({ policy: undefined, egress: undefined, unreachable });
    expect(free.run(OUTPUT, packetOf(to('192.0.2.3')))).toBe('accept');
    const egress = [{ address: '192.0.2.0/24', ports: undefined, protocol: undefined }];
    const listed = machine({ policy: undefined, egress, unreachable });
    expect(listed.run(OUTPUT, packetOf(to('192.0.2.3')))).toBe('accept');
    expect(listed.run(OUTPUT, packetOf(to('198.51.100.1')))).toBe('reset');
    // Permitted by `egress`, and refused all the same.
    expect(listed.run(OUTPUT, packetOf(to('192.0.2.2')))).toBe('reset');
  });
});
