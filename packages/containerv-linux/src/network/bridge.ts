import { mkdir } from 'node:fs/promises';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ContainervError } from 'containerv-api';
import type { Native, NetlinkExchange } from '../native.js';
import { addTables, deleteTable } from '../netlink/nft-table.js';
import {
  addAddress,
  AF_INET,
  deleteLinkAt,
  getLink,
  listAddresses,
  listLinks,
  listRoutes,
  newBridge,
} from '../netlink/route-messages.js';
import { type LinkAddress, readAddresses, readLinks, readRoutes } from '../netlink/route-replies.js';
import { failureOf } from '../system-error.js';
import { bridgeTableOf } from './bridge-rules.js';
import { routeExchange, rulesExchange } from './exchange.js';
import { addressFrom, type AddressRange, bytesOf, formatAddress, overlap } from './ip.js';
import {
  bridgeAlias,
  type BridgeKind,
  bridgeKind,
  bridgeTable,
  INTERFACE_GROUP,
  LOCK,
  REGISTRY,
  uniqueLocalPrefix,
} from './names.js';
import { asNetworkError } from './network-error.js';
import { chooseSubnet, describeSubnet, subnetOf } from './subnet.js';
import type { WantedNetwork } from './wanted-network.js';

/** A bridge that containers are on. */
export interface Bridge {
  readonly name: string;
  readonly index: number;
  readonly kind: BridgeKind;
  readonly mtu: number;
  readonly subnet: AddressRange;
  readonly hostIp: bigint;
  /** `undefined`: this host has no IPv6. */
  readonly prefix6: AddressRange | undefined;
}

const ENOENT = 2;
const ENODEV = 19;
const EBUSY = 16;
const ETHERNET_MTU = 1500;
const PREFIX_6 = 64;
const MAX_ATTEMPTS = 20;
/** Far above those that the kernel counts up to, so that an index chosen here is free. */
const FIRST_INDEX = 2 ** 24;
const LAST_INDEX = 2 ** 30;

export function freshIndex(): number {
  return randomInt(FIRST_INDEX, LAST_INDEX);
}

/** The bridge of a network: as it is, or made. @throws ContainervError when one of that name is not ours */
export async function ensureBridge(native: Native, wanted: WantedNetwork): Promise<Bridge> {
  await mkdir(REGISTRY, { recursive: true, mode: 0o711 });
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await findBridge(native, wanted.bridge);
    if (found !== undefined) return agreed(found, wanted);
    await makeBridge(native, wanted);
  }
  throw new ContainervError(
    'ERR_CONTAINERV_NETWORK',
    `The bridge '${wanted.bridge}' is removed as often as it is made`,
    {
      step: 'make bridge',
    },
  );
}

/** `undefined`: there is none of that name. */
async function findBridge(native: Native, name: string): Promise<Bridge | undefined> {
  if (native.interfaceIndex(name) === 0) return undefined;
  const [links, addresses] = await native.netlink({
    lock: LOCK,
    exclusive: false,
    exchanges: [
      routeExchange('look at networks', (writer) => getLink(writer, name), { tolerated: [ENODEV] }),
      routeExchange('look at networks', listAddresses),
    ],
  });
  const [link] = links === undefined ? [] : readLinks(links.replies);
  if (link === undefined) return undefined;
  const kind = link.kind === 'bridge' ? bridgeKind(link.alias) : undefined;
  const own = readAddresses(addresses?.replies ?? Buffer.alloc(0)).filter(
    ({ index }) => index === link.index,
  );
  const v4 = own.find(({ bytes }) => bytes.length === 4);
  if (kind === undefined || v4 === undefined) throw foreign(name, link.kind);
  const hostIp = addressFrom(v4.bytes);
  return {
    name,
    index: link.index,
    kind,
    mtu: link.mtu,
    subnet: subnetOf(hostIp, v4.prefixLength),
    hostIp,
    prefix6: own.some(({ bytes }) => bytes.length === 16) ? uniqueLocalPrefix(name) : undefined,
  };
}

/** The IPv6 address that goes with an IPv4 address on the bridge. */
export function ipv6Of({ prefix6 }: Pick<Bridge, 'prefix6'>, v4: bigint): bigint | undefined {
  return prefix6 === undefined ? undefined : prefix6.address | v4;
}

async function makeBridge(native: Native, wanted: WantedNetwork): Promise<void> {
  const host = await lookAtHost(native);
  const subnet =
    wanted.subnet ?? chooseSubnet(host.inUse, wanted.kind === 'shared' ? seedOf(wanted.bridge) : undefined);
  const taken = host.inUse.find((used) => used.prefixLength > 0 && overlap(used, subnet));
  if (taken !== undefined) {
    throw new ContainervError(
      'ERR_CONTAINERV_NETWORK',
      `The subnet ${describeSubnet(subnet)} overlaps ${describeSubnet(taken)}, which this host already reaches`,
      { step: 'make bridge', hint: 'Choose another subnet by `hostIp` or `containerIp`, or see: ip route' },
    );
  }
  const hostIp =
    wanted.hostIp ?? (wanted.containerIp === subnet.address + 1n ? subnet.address + 2n : subnet.address + 1n);
  const prefix6 = hasIpv6() ? uniqueLocalPrefix(wanted.bridge) : undefined;
  const index = freshIndex();
  const table = bridgeTableOf({
    bridge: wanted.bridge,
    kind: wanted.kind,
    subnets: prefix6 === undefined ? [subnet] : [subnet, prefix6],
  });
  try {
    await native.netlink({
      lock: LOCK,
      exclusive: true,
      exchanges: [
        ...unlessThere(wanted.bridge),
        // The rules first: the bridge is never there without.
        rulesExchange('protect network', addTables([table])),
        routeExchange('make bridge', (writer) => {
          newBridge(writer, {
            index,
            name: wanted.bridge,
            alias: bridgeAlias(wanted.kind),
            group: INTERFACE_GROUP,
            mtu: host.uplinkMtu,
            settings: { forwarding: 1, sendRedirects: 0, rpFilter: 1, routeLocalnet: 1 },
          });
          addAddress(writer, index, { bytes: bytesOf(hostIp, 'inet'), prefixLength: subnet.prefixLength });
          if (prefix6 !== undefined) {
            const bytes = bytesOf(prefix6.address | hostIp, 'inet6');
            addAddress(writer, index, { bytes, prefixLength: PREFIX_6 });
          }
        }),
      ],
    });
  } catch (error) {
    await native.netlink({
      lock: LOCK,
      exclusive: true,
      exchanges: [removalOf(index), ...unlessThere(wanted.bridge)],
    });
    // The index is taken: another.
    if (failureOf(error, '')?.errno !== EBUSY) throw asNetworkError(error);
  }
}

/** Ends a program when there is an interface of that name; when not, removes the rules that one may have left. */
export function unlessThere(bridge: string): NetlinkExchange[] {
  return [
    routeExchange('look at networks', (writer) => getLink(writer, bridge), {
      tolerated: [ENODEV],
      lastWhenAnswered: true,
    }),
    rulesExchange('remove network', deleteTable('inet', bridgeTable(bridge)), { tolerated: [ENOENT] }),
  ];
}

function removalOf(index: number): NetlinkExchange {
  return routeExchange('remove network', (writer) => deleteLinkAt(writer, index), { tolerated: [ENODEV] });
}

/** The bridge goes with the last container on it, and its rules with the bridge. */
export function bridgeRemoval(name: string, index: number): NetlinkExchange[] {
  return [
    routeExchange('look at networks', (writer) => listLinks(writer, { master: index }), {
      lastWhenAnswered: true,
    }),
    removalOf(index),
    ...unlessThere(name),
  ];
}

interface HostView {
  readonly inUse: readonly AddressRange[];
  readonly uplinkMtu: number;
}

async function lookAtHost(native: Native): Promise<HostView> {
  const results = await native.netlink({
    lock: '',
    exclusive: false,
    exchanges: [
      routeExchange('look at networks', listAddresses),
      routeExchange('look at networks', (writer) => listRoutes(writer, AF_INET)),
      routeExchange('look at networks', (writer) => listLinks(writer, {})),
    ],
  });
  const [addresses, routes, links] = results.map(({ replies }) => replies) as [Buffer, Buffer, Buffer];
  const known = readRoutes(routes);
  const [uplink] = known.filter(({ prefixLength }) => prefixLength === 0).sort((a, b) => a.metric - b.metric);
  return {
    inUse: [
      ...readAddresses(addresses)
        .filter(({ bytes }) => bytes.length === 4)
        .map(rangeOf),
      ...known
        .filter(({ prefixLength }) => prefixLength > 0)
        .map(({ destination, prefixLength }) => subnetOf(addressFrom(destination), prefixLength)),
    ],
    uplinkMtu: readLinks(links).find(({ index }) => index === uplink?.interface)?.mtu ?? ETHERNET_MTU,
  };
}

function rangeOf({ bytes, prefixLength }: LinkAddress): AddressRange {
  return subnetOf(addressFrom(bytes), prefixLength);
}

function agreed(bridge: Bridge, wanted: WantedNetwork): Bridge {
  const other = (what: string): ContainervError =>
    new ContainervError('ERR_CONTAINERV_NETWORK', `The network '${bridge.name}' exists, with ${what}`, {
      step: 'join network',
      hint: 'Leave `hostIp` and `netmask` out to join it as it is, or name another `bridge`.',
    });
  if (bridge.kind !== wanted.kind) throw other('another purpose');
  if (wanted.hostIp !== undefined && wanted.hostIp !== bridge.hostIp) {
    throw other(`the host's address ${formatAddress(bridge.hostIp, 'inet')}`);
  }
  if (wanted.prefixGiven && wanted.subnet?.prefixLength !== bridge.subnet.prefixLength) {
    throw other(`the subnet ${describeSubnet(bridge.subnet)}`);
  }
  return bridge;
}

function foreign(name: string, kind: string | undefined): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_NETWORK',
    `'${name}' is ${kind === 'bridge' ? 'a bridge' : 'an interface'} that containerv did not make`,
    {
      step: 'join network',
      hint: 'Its owner may change it, and rules for it would be missing. Name another `bridge`: containerv makes it.',
    },
  );
}

function seedOf(name: string): number {
  return Number((uniqueLocalPrefix(name).address >> 64n) & 0xffffn);
}

function hasIpv6(): boolean {
  return existsSync('/proc/sys/net/ipv6/conf/all/forwarding');
}
