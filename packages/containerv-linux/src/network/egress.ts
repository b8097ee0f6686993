import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';
import { ContainervError, type ResolvedEgressRule } from 'containerv-api';
import { contains, formatAddress, parseAddress, parseRange } from './ip.js';
import type { Destination } from './own-rules.js';

/** A host name and what it meant when the container was started. */
export interface PinnedName {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface ResolvedEgress {
  /** `undefined`: everything may be reached. */
  readonly destinations: readonly Destination[] | undefined;
  readonly names: readonly PinnedName[];
}

export type Resolve = (name: string) => Promise<readonly string[]>;

/**
 * Turns host names into the addresses that they have now. Inside, the names mean these and no others, so whoever serves
 * a name cannot move the permission elsewhere later (DNS rebinding).
 *
 * @throws ContainervError `ERR_CONTAINERV_NETWORK` for a name without addresses, or with one of a network that is not
 *   public and not named itself
 */
export async function resolveEgress(
  rules: readonly ResolvedEgressRule[] | undefined,
  resolve: Resolve = lookUp,
): Promise<ResolvedEgress> {
  if (rules === undefined) return { destinations: undefined, names: [] };
  const wanted = [...new Set(rules.filter(({ isHostName }) => isHostName).map(({ address }) => address))];
  const names = await Promise.all(
    wanted.map(async (name) => ({ name, addresses: await addressesOf(name, rules, resolve) })),
  );
  const pinned = new Map(names.map(({ name, addresses }) => [name, addresses]));
  const destinations = rules.flatMap(({ address, isHostName, ports, protocol }) =>
    (isHostName ? (pinned.get(address) ?? []) : [address]).map((each) => ({
      address: each,
      ports,
      protocol,
    })),
  );
  return { destinations, names };
}

async function addressesOf(
  name: string,
  rules: readonly ResolvedEgressRule[],
  resolve: Resolve,
): Promise<readonly string[]> {
  let addresses: readonly string[];
  try {
    addresses = [...new Set(await resolve(name))];
  } catch (cause) {
    throw refused(
      `'${name}' in \`network.egress\` has no address`,
      'Is the name right, and can this host resolve it?',
      cause,
    );
  }
  for (const address of addresses) {
    if (!isSpecial(address) || rules.some((rule) => !rule.isHostName && covers(rule.address, address)))
      continue;
    throw refused(
      `'${name}' in \`network.egress\` means ${address}, which is no public address`,
      `A name must not open what it was not meant for. If this is right, list ${address} or its network as well.`,
    );
  }
  return addresses;
}

async function lookUp(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

function covers(block: string, address: string): boolean {
  const { family, address: value } = parseAddress(address);
  return contains(parseRange(block), family, value);
}

/** Addresses that are not globally reachable: IANA's special-purpose registries (RFC 6890). */
const SPECIAL: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['2001::', 32],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  // Site-local, which RFC 3879 took out of use and some sites did not.
  ['fec0::', 10],
  ['ff00::', 8],
];

const NAT64 = parseRange('64:ff9b::/96');
const SIX_TO_FOUR = parseRange('2002::/16');

/** The IPv4 address that a router on the way makes of it: RFC 6052, 2.1 and RFC 3056, 2. */
function translated(address: string): string | undefined {
  const { family, address: value } = parseAddress(address);
  if (contains(NAT64, family, value)) return formatAddress(value & 0xffff_ffffn, 'inet');
  if (contains(SIX_TO_FOUR, family, value)) return formatAddress((value >> 80n) & 0xffff_ffffn, 'inet');
  return undefined;
}

function isSpecial(address: string): boolean {
  const inner = translated(address);
  if (inner !== undefined) return isSpecial(inner);
  const list = new BlockList();
  for (const [base, prefix] of SPECIAL) list.addSubnet(base, prefix, base.includes(':') ? 'ipv6' : 'ipv4');
  // An IPv4 address written as IPv6 (::ffff:10.0.0.1) is found in the IPv4 blocks too.
  return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

function refused(message: string, hint: string, cause?: unknown): ContainervError {
  return new ContainervError('ERR_CONTAINERV_NETWORK', message, {
    step: 'resolve host names',
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
