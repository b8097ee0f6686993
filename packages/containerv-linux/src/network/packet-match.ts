import {
  compare,
  ct,
  mask,
  meta,
  type NftExpression,
  number16Be,
  number32,
  payload,
} from '../netlink/nft-expression.js';
import { type AddressRange, bitsOf, bytesOf, type IpFamily, networkOf } from './ip.js';

type Expressions = readonly NftExpression[];

export type PortRange = number | readonly [from: number, to: number];

export const FAMILY_NUMBER: Readonly<Record<IpFamily, number>> = { inet: 2, inet6: 10 };
export const PROTOCOL_NUMBER = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;
const ESTABLISHED_OR_RELATED = 2 | 4;
const ADDRESS_OFFSET = {
  inet: { source: 12, destination: 16 },
  inet6: { source: 8, destination: 24 },
} as const;
const INTERFACE_NAME_BYTES = 16;

export function isFamily(family: IpFamily): Expressions {
  return [meta('nfproto'), compare('==', Uint8Array.of(FAMILY_NUMBER[family]))];
}

export function isProtocol(protocol: keyof typeof PROTOCOL_NUMBER): Expressions {
  return [meta('l4proto'), compare('==', Uint8Array.of(PROTOCOL_NUMBER[protocol]))];
}

/** Of the packet's family, which has to be known already. */
export function addressWithin(
  end: 'source' | 'destination',
  { family, address, prefixLength }: AddressRange,
  how: '==' | '!=' = '==',
): Expressions {
  const bits = bitsOf(family);
  const load = payload('network', ADDRESS_OFFSET[family][end], bits / 8);
  const value = compare(how, bytesOf(address, family));
  if (prefixLength === bits) return [load, value];
  const allOnes = (1n << BigInt(bits)) - 1n;
  return [load, mask(bytesOf(networkOf(allOnes, family, prefixLength), family)), value];
}

/** Of TCP or UDP, which has to be known already. */
export function destinationPort(ports: PortRange): Expressions {
  const [from, to] = typeof ports === 'number' ? [ports, ports] : ports;
  const load = payload('transport', 2, 2);
  if (from === to) return [load, compare('==', number16Be(from))];
  return [load, compare('>=', number16Be(from)), compare('<=', number16Be(to))];
}

export function interfaceIs(
  direction: 'iifname' | 'oifname',
  name: string,
  how: '==' | '!=' = '==',
): Expressions {
  const bytes = Buffer.alloc(INTERFACE_NAME_BYTES);
  bytes.write(name);
  return [meta(direction), compare(how, bytes)];
}

/** Packets of connections that were let through before, and errors about them. */
export function isKnownConnection(): Expressions {
  return [ct('state'), mask(number32(ESTABLISHED_OR_RELATED)), compare('!=', number32(0))];
}

/** Of ICMP or ICMPv6, which has to be known already. */
export function icmpType(from: number, to: number = from): Expressions {
  const load = payload('transport', 0, 1);
  if (from === to) return [load, compare('==', Uint8Array.of(from))];
  return [load, compare('>=', Uint8Array.of(from)), compare('<=', Uint8Array.of(to))];
}

export function icmpv6Type(from: number, to: number = from): Expressions {
  return [...isFamily('inet6'), ...isProtocol('icmpv6'), ...icmpType(from, to)];
}

const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;

/** What finds a neighbour's link-layer address: IPv6 does not work without (RFC 4861). */
export function isNeighbourDiscovery(): Expressions {
  return icmpv6Type(NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT);
}
