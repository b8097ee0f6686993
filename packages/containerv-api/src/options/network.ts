import { isIP } from 'node:net';
import {
  checkArray,
  checkBoolean,
  checkInteger,
  checkOptions,
  checkText,
  checkWord,
  conflictingOptions,
  invalidOption,
} from '../option-check.js';
import { parseNetmask } from './netmask.js';

/** `'none'`: only a loopback interface. `'host'`: the host's network, unisolated. */
export type Network = 'none' | 'host' | NetworkOptions;

/** A network of the container's own, connected to the host's. */
export interface NetworkOptions {
  /** `false` is the same as `network: 'none'`. @defaultValue true */
  readonly enable?: boolean | undefined;
  /** The container's address. @defaultValue chosen by the driver */
  readonly containerIp?: string | undefined;
  /** `'255.255.255.0'` or a prefix length. @defaultValue chosen by the driver */
  readonly netmask?: string | number | undefined;
  /** The host's address on the same link. @defaultValue chosen by the driver */
  readonly hostIp?: string | undefined;
  /** @defaultValue `hostIp` */
  readonly gateway?: string | undefined;
  /** Addresses of name servers. @defaultValue the host's */
  readonly dns?: string | readonly string[] | undefined;
  /**
   * The bridge to share with other containers, which reach each other over it by address and by name (Linux). Made with
   * the first of them and removed with the last. @defaultValue none: the container reaches no other
   */
  readonly bridge?: string | undefined;
  /** The virtual switch to join (Windows). */
  readonly switchName?: string | undefined;
  /** Ports of the host that lead into the container. @defaultValue none */
  readonly ports?: readonly PortMapping[] | undefined;
  /** Whether the container reaches beyond the host, under the host's address. @defaultValue true */
  readonly nat?: boolean | undefined;
  /** What the container may reach; a text is an entry with that `address`. @defaultValue all; an empty list is none */
  readonly egress?: readonly (EgressRule | string)[] | undefined;
}

/** Permission to reach a destination. */
export interface EgressRule {
  /** An address, a CIDR block, or a host name, which is resolved once and then means the addresses it had. */
  readonly address: string;
  /** Ports or `[first, last]`. Empty: none. @defaultValue every port */
  readonly ports?: readonly (number | readonly [from: number, to: number])[] | undefined;
  /** @defaultValue both; without `ports` and `protocol` any other, such as ICMP, too */
  readonly protocol?: 'tcp' | 'udp' | undefined;
}

export interface PortMapping {
  readonly host: number;
  readonly container: number;
  /** @defaultValue 'tcp' */
  readonly protocol?: 'tcp' | 'udp' | undefined;
  /** The host's address to listen on. @defaultValue all of them */
  readonly hostIp?: string | undefined;
}

export type ResolvedNetwork = { readonly mode: 'none' } | { readonly mode: 'host' } | ResolvedPrivateNetwork;

/** `undefined`: the driver chooses. */
export interface ResolvedPrivateNetwork {
  readonly mode: 'private';
  readonly containerIp: string | undefined;
  readonly prefixLength: number | undefined;
  readonly hostIp: string | undefined;
  readonly gateway: string | undefined;
  readonly dns: readonly string[] | undefined;
  readonly bridge: string | undefined;
  readonly switchName: string | undefined;
  readonly ports: readonly ResolvedPortMapping[];
  readonly nat: boolean;
  /** `undefined`: everything may be reached; empty: nothing. */
  readonly egress: readonly ResolvedEgressRule[] | undefined;
}

export interface ResolvedEgressRule {
  /** An address or CIDR block, or a host name in lower case. */
  readonly address: string;
  readonly isHostName: boolean;
  readonly ports: readonly (number | readonly [from: number, to: number])[] | undefined;
  readonly protocol: 'tcp' | 'udp' | undefined;
}

export interface ResolvedPortMapping {
  readonly host: number;
  readonly container: number;
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string | undefined;
}

export const NETWORK_OPTION_NAMES: readonly (keyof NetworkOptions)[] = [
  'enable',
  'containerIp',
  'netmask',
  'hostIp',
  'gateway',
  'dns',
  'bridge',
  'switchName',
  'ports',
  'nat',
  'egress',
];

export function resolveNetwork(network: Network | undefined): ResolvedNetwork {
  if (network === undefined) return { mode: 'none' };
  if (typeof network !== 'object') {
    return { mode: checkWord(network, 'network', ['none', 'host'], 'an object of network options') };
  }
  checkOptions(network, 'network', NETWORK_OPTION_NAMES);
  const resolved = resolvePrivate(network);
  return checkBoolean(network.enable ?? true, 'network.enable') ? resolved : { mode: 'none' };
}

function resolvePrivate(network: NetworkOptions): ResolvedPrivateNetwork {
  const { dns, egress } = network;
  return {
    mode: 'private',
    containerIp: optional(network.containerIp, 'network.containerIp', address),
    prefixLength: optional(network.netmask, 'network.netmask', parseNetmask),
    hostIp: optional(network.hostIp, 'network.hostIp', address),
    gateway: optional(network.gateway, 'network.gateway', address),
    dns: optional(typeof dns === 'string' ? [dns] : dns, 'network.dns', (list, option) =>
      checkArray(list, option).map((entry, index) => address(entry, `${option}[${index}]`)),
    ),
    bridge: optional(network.bridge, 'network.bridge', interfaceName),
    switchName: optional(network.switchName, 'network.switchName', checkText),
    ports: resolvePorts(network.ports ?? []),
    nat: checkBoolean(network.nat ?? true, 'network.nat'),
    egress: optional(egress, 'network.egress', (list, option) =>
      checkArray(list, option).map((entry, index) => resolveEgress(entry, `${option}[${index}]`)),
    ),
  };
}

function optional<Given, Resolved>(
  value: Given | undefined,
  option: string,
  resolve: (value: Given, option: string) => Resolved,
): Resolved | undefined {
  return value === undefined ? undefined : resolve(value, option);
}

function resolvePorts(ports: readonly PortMapping[]): readonly ResolvedPortMapping[] {
  const taken = new Set<string>();
  return checkArray(ports, 'network.ports').map((port, index) => {
    const option = `network.ports[${index}]`;
    checkOptions(port, option, ['host', 'container', 'protocol', 'hostIp']);
    const resolved: ResolvedPortMapping = {
      host: checkInteger(port.host, `${option}.host`, 1, 65_535),
      container: checkInteger(port.container, `${option}.container`, 1, 65_535),
      protocol: checkWord(port.protocol ?? 'tcp', `${option}.protocol`, ['tcp', 'udp']),
      hostIp: optional(port.hostIp, `${option}.hostIp`, address),
    };
    const key = `${resolved.hostIp ?? '*'} ${resolved.protocol} ${resolved.host}`;
    if (taken.has(key)) throw conflictingOptions(`\`network.ports\` maps host port ${resolved.host} twice`);
    taken.add(key);
    return resolved;
  });
}

function address(value: unknown, option: string): string {
  // A zone ("fe80::1%eth0") names an interface of one machine, so it cannot be meant for two.
  if (typeof value === 'string' && isIP(value) !== 0 && !value.includes('%')) return value;
  throw invalidOption(option, 'an IPv4 or IPv6 address', value);
}

function resolveEgress(entry: EgressRule | string, option: string): ResolvedEgressRule {
  if (typeof entry === 'string') {
    return { ...destination(entry, option), ports: undefined, protocol: undefined };
  }
  checkOptions(entry, option, ['address', 'ports', 'protocol']);
  return {
    ...destination(entry.address, `${option}.address`),
    ports: optional(entry.ports, `${option}.ports`, (list, name) =>
      checkArray(list, name).map((ports, index) => portRange(ports, `${name}[${index}]`)),
    ),
    protocol: optional(entry.protocol, `${option}.protocol`, (word, name) =>
      checkWord(word, name, ['tcp', 'udp']),
    ),
  };
}

function destination(value: unknown, option: string): Pick<ResolvedEgressRule, 'address' | 'isHostName'> {
  if (typeof value === 'string') {
    const [base = '', length, ...rest] = value.split('/');
    const family = base.includes('%') ? 0 : isIP(base);
    const bits = family === 4 ? 32 : 128;
    const valid = length === undefined || (/^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= bits);
    if (family !== 0 && valid && rest.length === 0) return { address: value, isHostName: false };
    if (isHostName(value)) return { address: value.toLowerCase().replace(/\.$/, ''), isHostName: true };
  }
  throw invalidOption(option, 'an IP address, a CIDR block or a host name', value);
}

/**
 * Letters, digits and hyphens only (RFC 1123, 2.1), so that nothing can end a name early or mean another to a resolver.
 * The last part is no number: `10.1` would be an address to some (inet_aton(3)).
 */
function isHostName(value: string): boolean {
  if (value.length > 253) return false;
  const labels = value.replace(/\.$/, '').split('.');
  return (
    labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label)) &&
    !/^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '')
  );
}

function portRange(value: unknown, option: string): number | readonly [from: number, to: number] {
  if (!Array.isArray(value)) return checkInteger(value, option, 1, 65_535);
  const [from, to, ...rest] = value as unknown[];
  const first = checkInteger(from, `${option}[0]`, 1, 65_535);
  const last = checkInteger(to, `${option}[1]`, 1, 65_535);
  if (rest.length > 0 || first > last) throw invalidOption(option, 'a port or [first, last]', value);
  return [first, last];
}

function interfaceName(value: unknown, option: string): string {
  // IFNAMSIZ is 16 with the NUL; the kernel refuses '/', ':' and white space.
  if (typeof value === 'string' && /^[^\s/:\0]{1,15}$/.test(value) && value !== '.' && value !== '..')
    return value;
  throw invalidOption(option, 'the name of a network interface', value);
}
