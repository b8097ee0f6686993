import {
  compare,
  ct,
  mask,
  meta,
  type NftExpression,
  number32,
  masquerade,
  reject,
  verdict,
} from '../netlink/nft-expression.js';
import type { NftChain, NftRule, NftTable } from '../netlink/nft-table.js';
import { type AddressRange, parseRange } from './ip.js';
import { type BridgeKind, bridgeTable, INTERFACE_GROUP } from './names.js';
import {
  addressWithin,
  icmpType,
  icmpv6Type,
  interfaceIs,
  isFamily,
  isKnownConnection,
  isNeighbourDiscovery,
  isProtocol,
} from './packet-match.js';

/** Packets of containers with `nat: false`, marked as they come in. */
export const STAYS_ON_LINK = 0x63760001;

const FILTER = 0;
const SOURCE_NAT = 100;
const DESTINATION_TRANSLATED = 1 << 5;
const ECHO_REQUEST = 8;
const ECHO_REQUEST_6 = 128;

export interface BridgeRules {
  readonly bridge: string;
  readonly kind: BridgeKind;
  readonly subnets: readonly AddressRange[];
}

/**
 * The table of one bridge, on the host. What it says of packets from and to that bridge holds also where other tables
 * accept them, as only refusals are final in nftables.
 */
export function bridgeTableOf({ bridge, kind, subnets }: BridgeRules): NftTable {
  const from = interfaceIs('iifname', bridge);
  const to = interfaceIs('oifname', bridge);
  const forward: NftRule[] = [
    {
      comment: kind === 'shared' ? 'between containers of this bridge' : 'never between containers',
      expressions: [...from, ...to, kind === 'shared' ? verdict('accept') : reject('prohibited')],
    },
    {
      comment: 'never to containers of another bridge',
      expressions: [
        ...from,
        meta('oifgroup'),
        compare('==', number32(INTERFACE_GROUP)),
        reject('prohibited'),
      ],
    },
    { comment: 'answers', expressions: [...from, ...isKnownConnection(), verdict('accept')] },
    {
      comment: 'nat: false',
      expressions: [...from, meta('mark'), compare('==', number32(STAYS_ON_LINK)), reject('prohibited')],
    },
    { expressions: [...from, verdict('accept')] },
    { comment: 'answers', expressions: [...to, ...isKnownConnection(), verdict('accept')] },
    { comment: 'published ports', expressions: [...to, ...isTranslated(), verdict('accept')] },
    { comment: 'nothing else from outside', expressions: [...to, verdict('drop')] },
  ];
  const input: NftRule[] = [
    { comment: 'answers to the host', expressions: [...from, ...isKnownConnection(), verdict('accept')] },
    { comment: 'neighbour discovery', expressions: [...from, ...isNeighbourDiscovery(), verdict('accept')] },
    { comment: 'ping', expressions: [...from, ...icmpv6Type(ECHO_REQUEST_6), verdict('accept')] },
    { comment: 'ping', expressions: [...from, ...isEchoRequest(), verdict('accept')] },
    { comment: 'no service of the host', expressions: [...from, ...isProtocol('tcp'), reject('tcp-reset')] },
    { comment: 'no service of the host', expressions: [...from, reject('prohibited')] },
  ];
  return {
    family: 'inet',
    name: bridgeTable(bridge),
    chains: [
      filter('forward', forward),
      filter('input', input),
      {
        name: 'postrouting',
        hook: { type: 'nat', at: 'postrouting', priority: SOURCE_NAT, policy: 'accept' },
        rules: [
          ...subnets.flatMap((subnet) => leaving(subnet, bridge)),
          {
            comment: 'from localhost to a published port',
            expressions: [
              ...isFamily('inet'),
              ...addressWithin('source', parseRange('127.0.0.0/8')),
              ...to,
              masquerade(),
            ],
          },
        ],
      },
    ],
  };
}

function filter(at: 'forward' | 'input', rules: readonly NftRule[]): NftChain {
  return { name: at, hook: { type: 'filter', at, priority: FILTER, policy: 'accept' }, rules };
}

function leaving(subnet: AddressRange, bridge: string): NftRule[] {
  const from = [...isFamily(subnet.family), ...addressWithin('source', subnet)];
  return [
    { comment: 'leaves', expressions: [...from, ...interfaceIs('oifname', bridge, '!='), masquerade()] },
    {
      comment: 'to a published port of a container on the same bridge',
      expressions: [...from, ...interfaceIs('oifname', bridge), ...isTranslated(), masquerade()],
    },
  ];
}

function isTranslated(): readonly NftExpression[] {
  return [ct('status'), mask(number32(DESTINATION_TRANSLATED)), compare('!=', number32(0))];
}

function isEchoRequest(): readonly NftExpression[] {
  return [...isFamily('inet'), ...isProtocol('icmp'), ...icmpType(ECHO_REQUEST)];
}
