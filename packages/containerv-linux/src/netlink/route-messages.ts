import { MessageFlag, type NetlinkWriter } from './netlink-writer.js';

const RTM = {
  NewLink: 16,
  DelLink: 17,
  GetLink: 18,
  NewAddress: 20,
  GetAddress: 22,
  NewRoute: 24,
  GetRoute: 26,
} as const;
const IFLA = {
  Address: 1,
  Name: 3,
  Mtu: 4,
  Master: 10,
  LinkInfo: 18,
  NetNsPid: 19,
  Alias: 20,
  AfSpec: 26,
  Group: 27,
  ExtMask: 29,
} as const;
const INFO = { Kind: 1, Data: 2, SlaveKind: 4, SlaveData: 5 } as const;
const BRIDGE = { ForwardDelay: 1, StpState: 5, McastSnooping: 23 } as const;
const PORT = { Isolated: 33 } as const;
const VETH_INFO_PEER = 1;
const AF_UNSPEC = 0;
export const AF_INET = 2;
const AF_INET6 = 10;
const INET_CONF = 1;
const INET6_ADDR_GEN_MODE = 8;
const ADDR_GEN_MODE_NONE = 1;
const IFF_UP = 1;
const IFA_F_NODAD = 2;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RTN_UNICAST = 1;
/** No statistics in the answer: they are most of it. */
const SKIP_STATS = 1 << 3;
const { Ack, Create, Excl, Dump } = MessageFlag;

export interface IpAddress {
  /** 4 or 16 bytes, in network order. */
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
}

/** Per-interface IPv4 settings, IPV4_DEVCONF_* of linux/ip.h. */
export type InetSettings = Readonly<
  Partial<Record<'forwarding' | 'rpFilter' | 'routeLocalnet' | 'sendRedirects', number>>
>;
const INET_SETTINGS = { forwarding: 1, sendRedirects: 6, rpFilter: 8, routeLocalnet: 26 } as const;

export interface BridgeLink {
  readonly index: number;
  readonly name: string;
  readonly alias: string;
  readonly group: number;
  readonly mtu: number;
  readonly settings: InetSettings;
}

/** Fails with EEXIST when the name is taken; everything else is by index, so that nobody else's is touched then. */
export function newBridge(
  writer: NetlinkWriter,
  { index, name, alias, group, mtu, settings }: BridgeLink,
): void {
  writer.message(RTM.NewLink, Ack | Create | Excl, () => {
    linkHeader(writer, index);
    writer.attributeText(IFLA.Name, name).attributeU32(IFLA.Group, group).attributeU32(IFLA.Mtu, mtu);
    writer.nest(IFLA.LinkInfo, (info) =>
      info.attributeText(INFO.Kind, 'bridge').nest(INFO.Data, (data) => {
        data
          .attributeU32(BRIDGE.ForwardDelay, 0)
          .attributeU32(BRIDGE.StpState, 0)
          .attributeU8(BRIDGE.McastSnooping, 0);
      }),
    );
  });
  writer.message(RTM.NewLink, Ack, () => {
    linkHeader(writer, index);
    writer.attributeText(IFLA.Alias, alias);
    writer.nest(IFLA.AfSpec, (families) =>
      families
        .nest(AF_INET, (inet) =>
          inet.nest(INET_CONF, (list) => {
            for (const [key, value] of Object.entries(settings))
              list.attributeU32(INET_SETTINGS[key as keyof InetSettings], value);
          }),
        )
        // A link-local address would be one more that the host answers to.
        .nest(AF_INET6, (inet6) => inet6.attributeU8(INET6_ADDR_GEN_MODE, ADDR_GEN_MODE_NONE)),
    );
  });
  // By itself: the kernel raises a link before it looks at the rest of a message.
  raiseLink(writer, index);
}

export interface VethLink {
  readonly index: number;
  readonly name: string;
  readonly alias: string;
  readonly group: number;
  readonly mtu: number;
  /** Index of the bridge. */
  readonly master: number;
  /** Whether the other ports of the bridge are out of reach. */
  readonly isolated: boolean;
  readonly peer: { readonly index: number; readonly name: string; readonly mac: Uint8Array };
}

/**
 * A pair whose other end is in the network namespace of a process. Returns where that process's id, 4 bytes, has to be
 * put: it is known only when the process has been made.
 */
export function newVeth(writer: NetlinkWriter, link: VethLink): number {
  const { index, name, alias, group, mtu, master, isolated, peer } = link;
  let pidOffset = -1;
  writer.message(RTM.NewLink, Ack | Create | Excl, () => {
    linkHeader(writer, index);
    writer.attributeText(IFLA.Name, name).attributeU32(IFLA.Group, group).attributeU32(IFLA.Mtu, mtu);
    writer.attributeU32(IFLA.Master, master);
    writer.nest(IFLA.LinkInfo, (info) =>
      info.attributeText(INFO.Kind, 'veth').nest(INFO.Data, (data) =>
        data.nest(VETH_INFO_PEER, () => {
          linkHeader(writer, peer.index);
          writer
            .attributeText(IFLA.Name, peer.name)
            .attributeU32(IFLA.Mtu, mtu)
            .attribute(IFLA.Address, peer.mac)
            .attributeU32(IFLA.NetNsPid, 0);
          pidOffset = writer.size - 4;
        }),
      ),
    );
  });
  writer.message(RTM.NewLink, Ack, () => {
    linkHeader(writer, index);
    writer.attributeText(IFLA.Alias, alias);
    noOwnAddress(writer);
    writer.nest(IFLA.LinkInfo, (info) =>
      info.attributeText(INFO.SlaveKind, 'bridge').nest(INFO.SlaveData, (data) => {
        data.attributeU8(PORT.Isolated, isolated ? 1 : 0);
      }),
    );
  });
  raiseLink(writer, index);
  return pidOffset;
}

/** No IPv6 address but those that it is given. */
export function withoutOwnAddress(writer: NetlinkWriter, index: number): void {
  writer.message(RTM.NewLink, Ack, () => {
    linkHeader(writer, index);
    noOwnAddress(writer);
  });
}

export function raiseLink(writer: NetlinkWriter, index: number): void {
  writer.message(RTM.NewLink, Ack, () => linkHeader(writer, index, IFF_UP));
}

function noOwnAddress(writer: NetlinkWriter): void {
  writer.nest(IFLA.AfSpec, (families) =>
    families.nest(AF_INET6, (inet6) => inet6.attributeU8(INET6_ADDR_GEN_MODE, ADDR_GEN_MODE_NONE)),
  );
}

export function deleteLinkAt(writer: NetlinkWriter, index: number): void {
  writer.message(RTM.DelLink, Ack, () => linkHeader(writer, index));
}

export function getLink(writer: NetlinkWriter, name: string): void {
  writer.message(RTM.GetLink, Ack, () => {
    linkHeader(writer, 0);
    writer.attributeText(IFLA.Name, name).attributeU32(IFLA.ExtMask, SKIP_STATS);
  });
}

/** All links, or those that belong to a bridge. */
export function listLinks(
  writer: NetlinkWriter,
  { master, kind }: { readonly master?: number; readonly kind?: string },
): void {
  writer.message(RTM.GetLink, Dump, () => {
    linkHeader(writer, 0);
    writer.attributeU32(IFLA.ExtMask, SKIP_STATS);
    if (master !== undefined) writer.attributeU32(IFLA.Master, master);
    if (kind !== undefined) writer.nest(IFLA.LinkInfo, (info) => info.attributeText(INFO.Kind, kind));
  });
}

export function addAddress(writer: NetlinkWriter, index: number, { bytes, prefixLength }: IpAddress): void {
  const family = familyOf(bytes);
  writer.message(RTM.NewAddress, Ack | Create | Excl, () => {
    // Nobody else can have the address: there is nothing to detect (RFC 4862, 5.4), and it works at once.
    writer
      .u8(family)
      .u8(prefixLength)
      .u8(family === AF_INET6 ? IFA_F_NODAD : 0)
      .u8(0)
      .u32(index);
    writer.attribute(1, bytes).attribute(2, bytes);
    if (family === AF_INET && prefixLength < 31) writer.attribute(4, broadcastOf(bytes, prefixLength));
  });
}

export function listAddresses(writer: NetlinkWriter): void {
  writer.message(RTM.GetAddress, Dump, () => writer.u8(AF_UNSPEC).u8(0).u8(0).u8(0).u32(0));
}

export function addDefaultRoute(writer: NetlinkWriter, index: number, gateway: Uint8Array): void {
  writer.message(RTM.NewRoute, Ack | Create | Excl, () => {
    routeHeader(writer, familyOf(gateway));
    writer.attribute(5, gateway).attributeU32(4, index);
  });
}

export function listRoutes(writer: NetlinkWriter, family: number): void {
  writer.message(RTM.GetRoute, Dump, () => routeHeader(writer, family));
}

/** struct ifinfomsg */
function linkHeader(writer: NetlinkWriter, index: number, up = 0): void {
  writer.u8(AF_UNSPEC).u8(0).u16(0).u32(index).u32(up).u32(up);
}

/** struct rtmsg, for every destination. */
function routeHeader(writer: NetlinkWriter, family: number): void {
  writer.u8(family).u8(0).u8(0).u8(0).u8(RT_TABLE_MAIN).u8(RTPROT_STATIC).u8(0).u8(RTN_UNICAST).u32(0);
}

function familyOf(address: Uint8Array): number {
  return address.length === 4 ? AF_INET : AF_INET6;
}

function broadcastOf(address: Uint8Array, prefixLength: number): Uint8Array {
  const bytes = Buffer.from(address);
  bytes.writeUInt32BE((bytes.readUInt32BE() | (2 ** (32 - prefixLength) - 1)) >>> 0);
  return bytes;
}
