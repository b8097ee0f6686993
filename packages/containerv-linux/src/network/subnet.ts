import { ContainervError } from 'containerv-api';
import { type AddressRange, bitsOf, contains, formatAddress, networkOf, overlap, parseRange } from './ip.js';

/** Where subnets are taken from that nobody chose: 10.209.0.0 and what follows, up to 10.239. */
const FIRST_POOL = 209;
const LAST_POOL = 239;
const DEFAULT_PREFIX = 20;
const SHARED_PREFIX = 24;
const SHARED_COUNT = 240;
const SHARED_FIRST = 16;

/**
 * A subnet that overlaps nothing that the host reaches. For the default bridge 4094 addresses, for a named one 254;
 * `seed` spreads those, so that one name mostly has the same subnet.
 */
export function chooseSubnet(inUse: readonly AddressRange[], seed: number | undefined): AddressRange {
  for (let pool = FIRST_POOL; pool <= LAST_POOL; pool++) {
    const subnets =
      seed === undefined
        ? [parseRange(`10.${pool}.0.0/${DEFAULT_PREFIX}`)]
        : Array.from({ length: SHARED_COUNT }, (_, at) =>
            parseRange(`10.${pool}.${SHARED_FIRST + ((seed + at) % SHARED_COUNT)}.0/${SHARED_PREFIX}`),
          );
    const free = subnets.find((candidate) => !inUse.some((used) => overlap(used, candidate)));
    if (free !== undefined) return free;
  }
  throw new ContainervError(
    'ERR_CONTAINERV_NETWORK',
    'Every subnet that containerv would use is taken on this host',
    {
      step: 'choose subnet',
      hint: 'Choose one: network: { hostIp: "192.168.77.1", netmask: 24 }',
    },
  );
}

/** How many containers a subnet has addresses for. */
export function capacity({ prefixLength }: AddressRange): number {
  return 2 ** (32 - prefixLength) - 3;
}

/**
 * Addresses for containers in the order in which to try them, without those of the network, the host and broadcasts.
 * It starts anywhere, so that an address is not given again as soon as it is free: others may still send to it.
 */
export function* candidates(subnet: AddressRange, hostIp: bigint, random: number): Generator<bigint> {
  const total = 2 ** (32 - subnet.prefixLength) - 2;
  for (let at = 0; at < total; at++) {
    const address = subnet.address + 1n + BigInt((Math.floor(random * total) + at) % total);
    if (address !== hostIp) yield address;
  }
}

/** Whether a host can have the address: neither the subnet's own nor its broadcast address. */
export function isHostAddress(subnet: AddressRange, address: bigint): boolean {
  const last = subnet.address + (1n << BigInt(bitsOf(subnet.family) - subnet.prefixLength)) - 1n;
  return contains(subnet, subnet.family, address) && address !== subnet.address && address !== last;
}

export function subnetOf(address: bigint, prefixLength: number): AddressRange {
  return { family: 'inet', address: networkOf(address, 'inet', prefixLength), prefixLength };
}

export function describeSubnet({ address, prefixLength, family }: AddressRange): string {
  return `${formatAddress(address, family)}/${prefixLength}`;
}
