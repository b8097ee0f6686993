import {
  conflictingOptions,
  ContainervError,
  invalidOption,
  type ResolvedPrivateNetwork,
} from 'containerv-api';
import { type AddressRange, parseAddress } from './ip.js';
import { type BridgeKind, DEFAULT_BRIDGE, isReservedName, subnetBridge } from './names.js';
import { describeSubnet, isHostAddress, subnetOf } from './subnet.js';

/** A private network as the options have it; what is `undefined` is for the bridge to say. */
export interface WantedNetwork {
  readonly bridge: string;
  readonly kind: BridgeKind;
  readonly subnet: AddressRange | undefined;
  /** Whether the options name the prefix length of `subnet`. */
  readonly prefixGiven: boolean;
  readonly hostIp: bigint | undefined;
  readonly containerIp: bigint | undefined;
  readonly gateway: bigint | undefined;
}

const DEFAULT_PREFIX = 24;
const SHORTEST_PREFIX = 8;
const LONGEST_PREFIX = 30;
/** Init holds one descriptor for each. */
const MAX_PORTS = 40;

/**
 * What can be said of the options without looking at the host.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION`
 */
export function wantedNetwork(network: ResolvedPrivateNetwork): WantedNetwork {
  if (network.switchName !== undefined) {
    throw conflictingOptions(
      '`network.switchName` names a virtual switch of Windows',
      'On Linux it is `network.bridge`.',
    );
  }
  if (network.ports.length > MAX_PORTS) {
    throw conflictingOptions(`\`network.ports\` has ${network.ports.length} entries, more than ${MAX_PORTS}`);
  }
  if (network.bridge !== undefined && isReservedName(network.bridge)) {
    throw invalidOption('network.bridge', 'a name that containerv does not use for itself', network.bridge);
  }
  const hostIp = ipv4(network.hostIp, 'network.hostIp');
  const containerIp = ipv4(network.containerIp, 'network.containerIp');
  const gateway = ipv4(network.gateway, 'network.gateway');
  const anchor = hostIp ?? containerIp ?? gateway;
  const { prefixLength } = network;
  if (prefixLength !== undefined) {
    if (prefixLength < SHORTEST_PREFIX || prefixLength > LONGEST_PREFIX) {
      throw invalidOption(
        'network.netmask',
        `a netmask of ${SHORTEST_PREFIX} to ${LONGEST_PREFIX} bits`,
        prefixLength,
      );
    }
    if (anchor === undefined) {
      throw conflictingOptions(
        '`network.netmask` alone chooses no subnet',
        'Give `hostIp` or `containerIp` with it.',
      );
    }
  }
  const subnet = anchor === undefined ? undefined : subnetOf(anchor, prefixLength ?? DEFAULT_PREFIX);
  const wanted: WantedNetwork = {
    bridge: network.bridge ?? (subnet === undefined ? DEFAULT_BRIDGE : subnetBridge(subnet)),
    kind: network.bridge === undefined ? 'alone' : 'shared',
    subnet,
    prefixGiven: prefixLength !== undefined,
    hostIp,
    containerIp,
    gateway,
  };
  if (subnet !== undefined && (wanted.prefixGiven || network.bridge === undefined))
    checkWithin(wanted, subnet, hostIp);
  return wanted;
}

/** @throws ContainervError for an address that the subnet does not have, or that two are to have. */
export function checkWithin(
  { containerIp, gateway, hostIp: wantedHost }: WantedNetwork,
  subnet: AddressRange,
  hostIp: bigint | undefined,
): void {
  for (const [option, address] of [
    ['network.hostIp', wantedHost],
    ['network.containerIp', containerIp],
    ['network.gateway', gateway],
  ] as const) {
    if (address !== undefined && !isHostAddress(subnet, address)) {
      throw conflictingOptions(`\`${option}\` is no address for a host in ${describeSubnet(subnet)}`);
    }
  }
  if (containerIp !== undefined && (containerIp === hostIp || containerIp === gateway)) {
    throw conflictingOptions('`network.containerIp` is also the address of the host or of the gateway');
  }
}

/** The container's IPv6 address follows from its IPv4 one, so only that can be chosen. */
function ipv4(text: string | undefined, option: string): bigint | undefined {
  if (text === undefined) return undefined;
  const { family, address } = parseAddress(text);
  if (family === 'inet') return address;
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `\`${option}\` cannot be an IPv6 address, got '${text}'`,
    {
      step: 'check options',
      hint: 'Choose the IPv4 address: the IPv6 address has the same last 32 bits.',
    },
  );
}
