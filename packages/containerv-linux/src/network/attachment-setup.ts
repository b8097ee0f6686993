import type { ContainerSpec, ResolvedPortMapping, ResolvedPrivateNetwork } from 'containerv-api';
import type { NetlinkExchange, PortClaim } from '../native.js';
import { addTables } from '../netlink/nft-table.js';
import { NetlinkWriter } from '../netlink/netlink-writer.js';
import {
  addAddress,
  addDefaultRoute,
  newVeth,
  raiseLink,
  withoutOwnAddress,
} from '../netlink/route-messages.js';
import type { RootOperation } from '../plan/operation.js';
import type { Bridge } from './bridge.js';
import { routeExchange, rulesExchange } from './exchange.js';
import { bytesOf, parseAddress } from './ip.js';
import { INNER_INDEX, INNER_INTERFACE, INTERFACE_GROUP, LOCK, macFor, portAlias, portName } from './names.js';
import { CREATE_INTERFACE } from './network-error.js';
import { NETLINK_ROUTE, type NetworkSetup, ownRules } from './network-setup.js';
import type { Destination } from './own-rules.js';
import { antiSpoofTable, publishTable } from './port-rules.js';

/** A container's port on a bridge. */
export interface Attachment {
  readonly bridge: Bridge;
  readonly v4: bigint;
  readonly v6: bigint | undefined;
  /** Of the host's end. */
  readonly index: number;
}

interface Details {
  readonly token: string;
  readonly egress: readonly Destination[] | undefined;
  readonly gateway: bigint;
  readonly routesIpv6: boolean;
}

const PREFIX_6 = 64;

/** What is done on either side, as data. */
export function attachmentSetup(
  spec: ContainerSpec,
  network: ResolvedPrivateNetwork,
  attachment: Attachment,
  details: Details,
): Pick<NetworkSetup, 'inside' | 'outside' | 'ports'> {
  const tables = [
    antiSpoofTable(attachment, network.nat),
    ...[publishTable(attachment, network.ports)].filter((table) => table !== undefined),
  ];
  return {
    inside: [...ownRules(spec, details.egress), configureInterface(attachment, details)],
    outside: {
      lock: LOCK,
      exclusive: false,
      exchanges: [
        createInterface(spec, attachment, details.token),
        rulesExchange('protect network', addTables(tables)),
      ],
    },
    ports: network.ports.map(claimOf),
  };
}

function createInterface(
  spec: ContainerSpec,
  { bridge, v4, index }: Attachment,
  token: string,
): NetlinkExchange {
  let pidOffset = 0;
  const exchange = routeExchange(CREATE_INTERFACE, (writer) => {
    pidOffset = newVeth(writer, {
      index,
      name: portName(v4),
      alias: portAlias({ token, id: spec.id, hostname: spec.hostname }),
      group: INTERFACE_GROUP,
      mtu: bridge.mtu,
      master: bridge.index,
      isolated: bridge.kind === 'alone',
      peer: { index: INNER_INDEX, name: INNER_INTERFACE, mac: macFor(v4) },
    });
  });
  return { ...exchange, pidOffsets: [pidOffset] };
}

function configureInterface({ bridge, v4, v6 }: Attachment, { gateway, routesIpv6 }: Details): RootOperation {
  const writer = new NetlinkWriter();
  withoutOwnAddress(writer, INNER_INDEX);
  addAddress(writer, INNER_INDEX, { bytes: bytesOf(v4, 'inet'), prefixLength: bridge.subnet.prefixLength });
  if (v6 !== undefined)
    addAddress(writer, INNER_INDEX, { bytes: bytesOf(v6, 'inet6'), prefixLength: PREFIX_6 });
  raiseLink(writer, INNER_INDEX);
  addDefaultRoute(writer, INNER_INDEX, bytesOf(gateway, 'inet'));
  if (bridge.prefix6 !== undefined && routesIpv6) {
    addDefaultRoute(writer, INNER_INDEX, bytesOf(bridge.prefix6.address | gateway, 'inet6'));
  }
  return { op: 'netlink', step: 'configure interface', protocol: NETLINK_ROUTE, messages: writer.finish() };
}

/** Holds a port of the host, or finds out whether it is free. */
export function claimOf({ host, protocol, hostIp }: ResolvedPortMapping): PortClaim {
  const { family, address } =
    hostIp === undefined ? ({ family: 'inet', address: 0n } as const) : parseAddress(hostIp);
  return {
    address: hostIp === undefined ? new Uint8Array() : bytesOf(address, family),
    port: host,
    udp: protocol === 'udp',
    name: `${hostIp === undefined ? '' : `${hostIp}:`}${host}/${protocol}`,
  };
}
