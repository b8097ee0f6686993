import type { NetworkOperation, NetworkRule } from 'containerv-policy';
import { goTo, jump, type NftExpression, reject, verdict } from '../netlink/nft-expression.js';
import type { NftChain, NftRule, NftTable } from '../netlink/nft-table.js';
import { type AddressRange, parseRange } from './ip.js';
import {
  addressWithin,
  destinationPort,
  interfaceIs,
  isFamily,
  isKnownConnection,
  isNeighbourDiscovery,
  isProtocol,
  type PortRange,
} from './packet-match.js';

/** Where a container's processes may connect or send to; what is left out is any. */
export interface Destination {
  /** Address or CIDR block. */
  readonly address: string;
  readonly ports: readonly PortRange[] | undefined;
  readonly protocol: 'tcp' | 'udp' | undefined;
}

export interface OwnRules {
  /** Of the policy; `undefined`: it has none, and everything is permitted by it. */
  readonly policy: readonly NetworkRule[] | undefined;
  /** Of the network options; `undefined`: everything is permitted by them. */
  readonly egress: readonly Destination[] | undefined;
  /** Where nothing may connect or send to but over the loopback interface, whatever the others permit. */
  readonly unreachable?: readonly AddressRange[];
}

const FILTER_PRIORITY = 0;

/**
 * The table in a container's own network namespace, which init makes before anything else runs there and which takes
 * CAP_NET_ADMIN to change. It sees connections, not system calls: what a packet is for decides.
 *
 * A new flow that leaves has to be permitted by `egress`, which does not concern the loopback interface, and by a rule
 * of the policy that allows `connect` (or `send`, for UDP) to its destination. One that arrives, over the loopback
 * interface too, has to be permitted by rules that allow `accept`, `listen` and `bind` for TCP and `bind` for UDP at its
 * destination. Everything that is neither TCP nor UDP needs a policy without rules.
 */
export function ownTable({ policy, egress, unreachable = [] }: OwnRules): NftTable | undefined {
  if (policy === undefined && egress === undefined && unreachable.length === 0) return undefined;
  const rules = (policy ?? []).filter(({ family }) => family !== 'unix');
  const chains: NftChain[] = [
    {
      name: 'output',
      hook: { type: 'filter', at: 'output', priority: FILTER_PRIORITY, policy: 'drop' },
      rules: [
        { comment: 'known connections', expressions: [...isKnownConnection(), verdict('accept')] },
        { comment: 'neighbour discovery', expressions: [...isNeighbourDiscovery(), verdict('accept')] },
        ...(unreachable.length === 0 ? [] : [{ expressions: [jump('unreachable')] }]),
        ...(egress === undefined ? [] : [{ expressions: [jump('egress')] }]),
        { expressions: [policy === undefined ? verdict('accept') : goTo('outgoing')] },
      ],
    },
  ];
  if (unreachable.length > 0) chains.push(unreachableChain(unreachable), chain('refused', []));
  if (egress !== undefined) chains.push(egressChain(egress));
  if (policy !== undefined) {
    chains.push(
      chain('outgoing', [
        ...permits(rules, 'connect', 'tcp', verdict('accept')),
        ...permits(rules, 'connect', 'udp', verdict('accept')),
        ...permits(rules, 'send', 'udp', verdict('accept')),
      ]),
      ...incomingChains(rules),
    );
  }
  return { family: 'inet', name: 'containerv', chains };
}

function unreachableChain(unreachable: readonly AddressRange[]): NftChain {
  return {
    name: 'unreachable',
    rules: [
      { comment: 'within the container', expressions: [...interfaceIs('oifname', 'lo'), verdict('return')] },
      ...unreachable.map((range) => ({
        expressions: [...isFamily(range.family), ...addressWithin('destination', range), goTo('refused')],
      })),
    ],
  };
}

function egressChain(egress: readonly Destination[]): NftChain {
  return chain('egress', [
    { comment: 'within the container', expressions: [...interfaceIs('oifname', 'lo'), verdict('return')] },
    ...egress.flatMap(({ address, ports, protocol }) =>
      protocolsOf(protocol, ports).flatMap((each) => matches(address, each, ports, verdict('return'))),
    ),
  ]);
}

/** A destination without protocol and ports is one for ping(8) too. */
function protocolsOf(
  protocol: 'tcp' | 'udp' | undefined,
  ports: readonly PortRange[] | undefined,
): readonly ('tcp' | 'udp' | undefined)[] {
  if (protocol !== undefined) return [protocol];
  return ports === undefined ? [undefined] : ['tcp', 'udp'];
}

/** Each chain is one thing that has to be permitted; the next follows when it is. */
function incomingChains(rules: readonly NetworkRule[]): NftChain[] {
  return [
    {
      name: 'input',
      hook: { type: 'filter', at: 'input', priority: FILTER_PRIORITY, policy: 'drop' },
      rules: [
        { comment: 'known connections', expressions: [...isKnownConnection(), verdict('accept')] },
        { comment: 'neighbour discovery', expressions: [...isNeighbourDiscovery(), verdict('accept')] },
        { expressions: [...isProtocol('tcp'), goTo('accepting')] },
        { expressions: [...isProtocol('udp'), goTo('binding')] },
      ],
    },
    chain('accepting', permits(rules, 'accept', 'tcp', goTo('listening'))),
    chain('listening', permits(rules, 'listen', 'tcp', goTo('binding'))),
    chain('binding', [
      ...permits(rules, 'bind', 'tcp', verdict('accept')),
      ...permits(rules, 'bind', 'udp', verdict('accept')),
    ]),
  ];
}

/** Ends with a refusal that programs see at once. */
function chain(name: string, rules: readonly NftRule[]): NftChain {
  return {
    name,
    rules: [
      ...rules,
      { expressions: [...isProtocol('tcp'), reject('tcp-reset')] },
      { expressions: [reject('prohibited')] },
    ],
  };
}

function permits(
  rules: readonly NetworkRule[],
  operation: NetworkOperation,
  protocol: 'tcp' | 'udp',
  then: NftExpression,
): NftRule[] {
  return rules
    .filter(
      (rule) => (rule.allow ?? [operation]).includes(operation) && (rule.protocol ?? protocol) === protocol,
    )
    .flatMap(({ family, address, ports }) =>
      matches(address ?? (family === 'inet' ? '0.0.0.0/0' : '::/0'), protocol, ports, then),
    );
}

/** One rule for each range of ports; none for an empty list, which permits nothing. */
function matches(
  address: string,
  protocol: 'tcp' | 'udp' | undefined,
  ports: readonly PortRange[] | undefined,
  then: NftExpression,
): NftRule[] {
  const range = parseRange(address);
  const where = [
    ...isFamily(range.family),
    ...(range.prefixLength === 0 ? [] : addressWithin('destination', range)),
    ...(protocol === undefined ? [] : isProtocol(protocol)),
  ];
  if (ports === undefined) return [{ expressions: [...where, then] }];
  return ports.map((each) => ({ expressions: [...where, ...destinationPort(each), then] }));
}
