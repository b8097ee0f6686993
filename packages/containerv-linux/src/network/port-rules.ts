import type { ResolvedPortMapping } from 'containerv-api';
import {
  compare,
  destinationIsLocal,
  destinationNat,
  meta,
  type NftExpression,
  number16Be,
  payload,
  setMark,
  verdict,
} from '../netlink/nft-expression.js';
import type { NftRule, NftTable } from '../netlink/nft-table.js';
import { STAYS_ON_LINK } from './bridge-rules.js';
import { bytesOf, type IpFamily, parseAddress, parseRange } from './ip.js';
import { macFor, portName } from './names.js';
import {
  addressWithin,
  destinationPort,
  FAMILY_NUMBER,
  icmpType,
  isFamily,
  isProtocol,
} from './packet-match.js';

/** Before the bridge and before connections are tracked. */
const INGRESS = -500;
const DESTINATION_NAT = -100;
const ETHERTYPE = { arp: 0x0806, inet: 0x0800, inet6: 0x86dd } as const;
const ROUTER_ADVERTISEMENT = 134;
const NEIGHBOUR_ADVERTISEMENT = 136;
const REDIRECT = 137;
/** Of the target in a neighbour advertisement, from the ICMPv6 header on (RFC 4861, 4.4). */
const TARGET_OFFSET = 8;

/** What is a container's on its bridge. */
export interface PortAddresses {
  readonly v4: bigint;
  readonly v6: bigint | undefined;
}

/**
 * What a container may send: frames with its own hardware address, that claim no address but its own, and none that
 * routers send. Where it stands, on the host's end of the container's link, no capability inside reaches.
 */
export function antiSpoofTable({ v4, v6 }: PortAddresses, nat: boolean): NftTable {
  const device = portName(v4);
  const mac = macFor(v4);
  const own4 = bytesOf(v4, 'inet');
  const rules: NftRule[] = [
    {
      comment: 'hardware address',
      expressions: [payload('link', 6, 6), compare('!=', mac), verdict('drop')],
    },
    {
      comment: 'ARP for its own address',
      expressions: [
        ...isEthertype('arp'),
        payload('network', 8, 6),
        compare('==', mac),
        payload('network', 14, 4),
        compare('==', own4),
        verdict('accept'),
      ],
    },
    {
      // The bridge routes to 127.0.0.0/8, so that published ports work from the host itself (CVE-2020-8558).
      comment: "the host's loopback",
      expressions: [
        ...isEthertype('inet'),
        ...addressWithin('destination', parseRange('127.0.0.0/8')),
        verdict('drop'),
      ],
    },
    {
      expressions: [
        ...isEthertype('inet'),
        payload('network', 12, 4),
        compare('==', own4),
        ...(nat ? [] : setMark(STAYS_ON_LINK)),
        verdict('accept'),
      ],
    },
    ...(v6 === undefined ? [] : ipv6Rules(bytesOf(v6, 'inet6'), nat)),
  ];
  return {
    family: 'netdev',
    name: device,
    chains: [
      {
        name: 'ingress',
        hook: { type: 'filter', at: 'ingress', priority: INGRESS, policy: 'drop', device },
        rules,
      },
    ],
  };
}

function ipv6Rules(own: Uint8Array, nat: boolean): NftRule[] {
  const icmp = [...isEthertype('inet6'), ...isProtocol('icmpv6')];
  return [
    // CVE-2020-10749
    {
      comment: 'router advertisements',
      expressions: [...icmp, ...icmpType(ROUTER_ADVERTISEMENT), verdict('drop')],
    },
    { comment: 'redirects', expressions: [...icmp, ...icmpType(REDIRECT), verdict('drop')] },
    {
      comment: 'neighbour advertisements for other addresses',
      expressions: [
        ...icmp,
        ...icmpType(NEIGHBOUR_ADVERTISEMENT),
        payload('transport', TARGET_OFFSET, 16),
        compare('!=', own),
        verdict('drop'),
      ],
    },
    {
      expressions: [
        ...isEthertype('inet6'),
        payload('network', 8, 16),
        compare('==', own),
        ...(nat ? [] : setMark(STAYS_ON_LINK)),
        verdict('accept'),
      ],
    },
  ];
}

function isEthertype(type: keyof typeof ETHERTYPE): readonly NftExpression[] {
  return [meta('protocol'), compare('==', number16Be(ETHERTYPE[type]))];
}

/** Sends what arrives for published ports of the host, and what the host itself sends there, into the container. */
export function publishTable(
  { v4, v6 }: PortAddresses,
  ports: readonly ResolvedPortMapping[],
): NftTable | undefined {
  if (ports.length === 0) return undefined;
  const rules = ports.flatMap((port) => [
    ...translate(port, 'inet', v4),
    ...(v6 === undefined ? [] : translate(port, 'inet6', v6)),
  ]);
  const hook = (at: 'prerouting' | 'output') =>
    ({ type: 'nat', at, priority: DESTINATION_NAT, policy: 'accept' }) as const;
  return {
    family: 'inet',
    name: portName(v4),
    chains: [
      { name: 'prerouting', hook: hook('prerouting'), rules },
      { name: 'output', hook: hook('output'), rules: [...exceptLoopback6(), ...rules] },
    ],
  };
}

/** There is no way from ::1 to another interface. */
function exceptLoopback6(): NftRule[] {
  return [
    {
      expressions: [
        ...isFamily('inet6'),
        ...addressWithin('destination', parseRange('::1')),
        verdict('return'),
      ],
    },
  ];
}

/** Only for addresses of this machine: others have ports of that number too (CVE-2025-67499). */
function translate(
  { host, container, protocol, hostIp }: ResolvedPortMapping,
  family: IpFamily,
  address: bigint,
): NftRule[] {
  const given = hostIp === undefined ? undefined : parseAddress(hostIp);
  const unspecified = given?.address === 0n;
  if (given !== undefined && given.family !== family) return [];
  return [
    {
      comment: `${hostIp ?? '*'}:${host} to ${container}`,
      expressions: [
        ...isFamily(family),
        ...(given === undefined || unspecified ? destinationIsLocal() : addressWithin('destination', given)),
        ...isProtocol(protocol),
        ...destinationPort(host),
        ...destinationNat(FAMILY_NUMBER[family], bytesOf(address, family), number16Be(container)),
      ],
    },
  ];
}
