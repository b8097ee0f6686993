import {
  checkOptions,
  ContainervError,
  invalidOption,
  type ResolvedEgressRule,
  type ResolvedPortMapping,
  type ResolvedPrivateNetwork,
} from 'containerv-api';
import { addressFamily, isInPrefix, macAddress, parsePrefix, splitDnsServers } from './addresses.js';
import type { HnsNetwork } from './hns-network.js';
import { endpointName } from './names.js';

/** What an endpoint is to be, before it is a document of either form. Everything left out is chosen by HNS. */
export interface EndpointSettings {
  /** `'chef-<container id>'`. */
  readonly name: string;
  /** At most one of each family. */
  readonly addresses: readonly EndpointAddress[];
  /** At most one of each family. */
  readonly gateways: readonly string[];
  readonly dns: readonly string[];
  /** With dashes. */
  readonly mac: string | undefined;
  readonly ports: readonly EndpointPort[];
  /** What the container may reach; `undefined`: everything, empty: nothing. */
  readonly egress: readonly EndpointEgress[] | undefined;
  /** Outgoing connections get the host's address, but for those to `exceptions`. */
  readonly outboundNat: { readonly exceptions: readonly string[] } | undefined;
}

export interface EndpointAddress {
  readonly address: string;
  readonly prefixLength: number;
}

export interface EndpointEgress {
  /** An address or a CIDR block. */
  readonly block: string;
  /** @defaultValue every one */
  readonly protocol?: 'tcp' | 'udp' | undefined;
  /** `'443'` or `'8000-8010'`, only with a protocol. @defaultValue all */
  readonly ports?: string | undefined;
}

export interface EndpointPort {
  readonly protocol: 'tcp' | 'udp';
  readonly container: number;
  readonly host: number;
}

/** Beyond what a container's `network` option has. */
export interface EndpointExtras {
  /** `'00-15-5D-52-C0-10'`, also with colons or nothing between. @defaultValue chosen by HNS */
  readonly mac?: string | undefined;
}

/** Networks that translate addresses for whatever is in them. */
const TRANSLATING = ['nat', 'ics'];
/** Networks that do so for the endpoints that ask for it. In all others a container has an address of its own. */
const TRANSLATING_ON_DEMAND = ['l2bridge', 'l2tunnel', 'overlay'];

/**
 * A container's `network` option as settings of its endpoint in `network`.
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for what contradicts itself or the network's subnets,
 *   `ERR_CONTAINERV_UNSUPPORTED` for what HNS cannot do.
 */
export function endpointSettings(
  containerId: string,
  network: HnsNetwork,
  wanted: ResolvedPrivateNetwork,
  extras: EndpointExtras = {},
): EndpointSettings {
  checkOptions(extras, 'extras', ['mac']);
  if (wanted.bridge !== undefined) {
    throw unsupported('`network.bridge`', 'Windows has virtual switches: use `network.switchName`.');
  }
  const gateway = wanted.gateway ?? wanted.hostIp;
  const egress = egressOf(network, wanted);
  return {
    name: endpointName(containerId),
    addresses: addressesOf(network, wanted),
    gateways: gateway === undefined ? [] : [checkAddress(gateway, 'network.gateway')],
    dns: splitDnsServers(wanted.dns ?? []).map((server) => checkAddress(server, 'network.dns')),
    mac: extras.mac === undefined ? undefined : checkMac(extras.mac),
    ports: wanted.ports.map(portOf),
    egress,
    outboundNat:
      wanted.nat && isOfType(network, TRANSLATING_ON_DEMAND)
        ? { exceptions: (network.subnets ?? []).map(({ prefix }) => prefix) }
        : undefined,
  };
}

function addressesOf(network: HnsNetwork, wanted: ResolvedPrivateNetwork): readonly EndpointAddress[] {
  if (wanted.containerIp === undefined) {
    if (wanted.prefixLength === undefined) return [];
    throw invalidOption('network.netmask', 'given together with `network.containerIp`', wanted.prefixLength);
  }
  const address = checkAddress(wanted.containerIp, 'network.containerIp');
  const prefixLength = wanted.prefixLength ?? subnetLength(network, address);
  if (prefixLength === undefined) {
    throw invalidOption(
      'network.netmask',
      `given: network '${network.name}' has no subnet with ${address}`,
      undefined,
    );
  }
  if (prefixLength > (addressFamily(address) === 4 ? 32 : 128)) {
    throw invalidOption('network.netmask', 'a prefix length of at most 32 for an IPv4 address', prefixLength);
  }
  return [{ address, prefixLength }];
}

function subnetLength(network: HnsNetwork, address: string): number | undefined {
  const subnet = network.subnets?.find(({ prefix }) => isInPrefix(address, prefix));
  return subnet === undefined ? undefined : parsePrefix(subnet.prefix)?.prefixLength;
}

function egressOf(
  network: HnsNetwork,
  wanted: ResolvedPrivateNetwork,
): readonly EndpointEgress[] | undefined {
  const egress = wanted.egress?.flatMap(expandRule);
  if (wanted.nat || !isOfType(network, TRANSLATING)) return egress;
  // Such a network cannot be told not to translate, but an endpoint not to reach beyond it.
  const own = (network.subnets ?? []).map(({ prefix }) => prefix);
  const outside = egress?.find(({ block }) => !own.some((prefix) => isBlockIn(block, prefix)));
  if (outside !== undefined) {
    throw unsupported(
      `\`nat: false\` with \`egress\` to ${outside.block}: network '${network.name}' of type ${network.type} always translates addresses`,
      'Choose a transparent or L2 bridge network: `network.switchName`.',
    );
  }
  return egress ?? own.map((block) => ({ block }));
}

/** One entry for each port and protocol, since a rule of HNS has one of each. */
function expandRule({ address, ports, protocol }: ResolvedEgressRule): readonly EndpointEgress[] {
  if (parsePrefix(address) === undefined) {
    throw invalidOption('network.egress', 'resolved to addresses and CIDR blocks', address);
  }
  if (ports === undefined) return [{ block: address, protocol }];
  const protocols = protocol === undefined ? (['tcp', 'udp'] as const) : [protocol];
  return ports.flatMap((port) =>
    protocols.map((each) => ({
      block: address,
      protocol: each,
      ports: typeof port === 'number' ? String(port) : port.join('-'),
    })),
  );
}

function isBlockIn(block: string, prefix: string): boolean {
  const [base = ''] = block.split('/');
  const inner = parsePrefix(block)?.prefixLength ?? 0;
  return isInPrefix(base, prefix) && inner >= (parsePrefix(prefix)?.prefixLength ?? 0);
}

function isOfType(network: HnsNetwork, types: readonly string[]): boolean {
  return types.includes(network.type.toLowerCase());
}

function portOf({ protocol, container, host, hostIp }: ResolvedPortMapping): EndpointPort {
  // On all addresses instead of one would open more than was asked for.
  if (hostIp !== undefined && hostIp !== '0.0.0.0' && hostIp !== '::') {
    throw unsupported(
      `\`hostIp: '${hostIp}'\` of a port: HNS maps ports of all addresses of the host`,
      'Leave `hostIp` out and restrict the port in the Windows firewall.',
    );
  }
  return { protocol, container, host };
}

function checkAddress(text: string, option: string): string {
  if (addressFamily(text) === undefined) throw invalidOption(option, 'an IPv4 or IPv6 address', text);
  return text;
}

function checkMac(text: string): string {
  const mac = macAddress(text);
  if (mac === undefined)
    throw invalidOption('mac', "the MAC address of one adapter, such as '00-15-5D-52-C0-10'", text);
  return mac;
}

function unsupported(what: string, hint: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `Windows cannot do ${what}`, {
    step: 'configure network',
    hint,
  });
}
