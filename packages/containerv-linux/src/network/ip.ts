import { isIPv6 } from 'node:net';
import { type AddressRange, formatCidr, type IpFamily, parseCidr } from 'containerv-policy';

export type { AddressRange, IpFamily };

const BITS: Readonly<Record<IpFamily, number>> = { inet: 32, inet6: 128 };

export function bitsOf(family: IpFamily): number {
  return BITS[family];
}

/** An address, or a block whose bits past the prefix are dropped. The text has been checked before. */
export function parseRange(text: string): AddressRange {
  const [base = '', prefix] = text.split('/');
  const family = isIPv6(base) ? 'inet6' : 'inet';
  const { address } = parseCidr(base, family, 'address');
  const prefixLength = prefix === undefined ? BITS[family] : Number(prefix);
  return { family, address: networkOf(address, family, prefixLength), prefixLength };
}

export function parseAddress(text: string): AddressRange {
  return parseRange(text);
}

/** The first address of the block that the address is in. */
export function networkOf(address: bigint, family: IpFamily, prefixLength: number): bigint {
  const hostBits = BigInt(BITS[family] - prefixLength);
  return (address >> hostBits) << hostBits;
}

export function contains(range: AddressRange, family: IpFamily, address: bigint): boolean {
  return range.family === family && networkOf(address, family, range.prefixLength) === range.address;
}

export function overlap(one: AddressRange, other: AddressRange): boolean {
  const wider = one.prefixLength <= other.prefixLength ? one : other;
  const narrower = wider === one ? other : one;
  return contains(wider, narrower.family, narrower.address);
}

/** In network order. */
export function bytesOf(address: bigint, family: IpFamily): Buffer {
  return Buffer.from(address.toString(16).padStart(BITS[family] / 4, '0'), 'hex');
}

/** From 4 or 16 bytes in network order. */
export function addressFrom(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

export function formatAddress(address: bigint, family: IpFamily): string {
  return formatCidr({ family, address, prefixLength: BITS[family] });
}
