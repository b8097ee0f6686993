import { ContainervError, type ResolvedPortMapping, type ResolvedPrivateNetwork } from 'containerv-api';
import { formatAddress } from './ip.js';
import { INNER_INTERFACE } from './names.js';
import { wantedNetwork } from './wanted-network.js';

const DEFAULT_PREFIX = 24;

/** Where pasta takes questions for a name server of the host that only the host itself reaches (link-local, RFC 3927). */
export const FORWARDED_DNS = '169.254.1.1';

/**
 * Refuses what a network without root cannot be.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED`
 */
export function refuseWhatTakesRoot(network: ResolvedPrivateNetwork): void {
  const { gateway } = wantedNetwork(network);
  if (network.bridge !== undefined) throw takesRoot('`network.bridge`', "Bridges are the host's.");
  if (network.hostIp !== undefined) throw takesRoot('`network.hostIp`', 'There is no link to the host.');
  if (!network.nat) {
    throw takesRoot('`network.nat: false`', 'Use `egress: []` for a container that reaches nothing.');
  }
  if (gateway !== undefined && network.containerIp === undefined) {
    throw takesRoot('`network.gateway` alone', 'Give `containerIp` with it.');
  }
  const seen = new Set<string>();
  for (const { host, protocol } of network.ports) {
    if (seen.has(`${host}/${protocol}`)) {
      throw takesRoot(`Host port ${host}/${protocol} on several addresses`, 'Publish it once.');
    }
    seen.add(`${host}/${protocol}`);
  }
}

/** Arguments of pasta(1), but for the namespace; nothing that it does by default is left to it. */
export function pastaArguments(network: ResolvedPrivateNetwork, forwardDns: boolean): string[] {
  return [
    '--quiet',
    '--config-net',
    '--netns-only',
    '--no-netns-quit',
    // The host's loopback interface stays its own: by default the gateway's address leads there.
    '--no-map-gw',
    '--ns-ifname',
    INNER_INTERFACE,
    '--tcp-ns',
    'none',
    '--udp-ns',
    'none',
    ...publish('--tcp-ports', network.ports, 'tcp'),
    ...publish('--udp-ports', network.ports, 'udp'),
    ...addressing(network),
    ...(forwardDns ? ['--dns-forward', FORWARDED_DNS] : []),
  ];
}

function publish(option: string, ports: readonly ResolvedPortMapping[], wanted: 'tcp' | 'udp'): string[] {
  const specified = ports
    .filter(({ protocol }) => protocol === wanted)
    .flatMap(({ host, container, hostIp }) => [
      option,
      `${hostIp === undefined ? '' : `${hostIp}/`}${host}:${container}`,
    ]);
  // By default, UDP ports follow those of TCP.
  return specified.length === 0 ? [option, 'none'] : specified;
}

function addressing(network: ResolvedPrivateNetwork): string[] {
  if (network.containerIp === undefined) return [];
  const { subnet, gateway, containerIp } = wantedNetwork(network);
  const first = (subnet?.address ?? 0n) + 1n;
  const router = gateway ?? (containerIp === first ? first + 1n : first);
  return [
    '--address',
    network.containerIp,
    '--netmask',
    String(network.prefixLength ?? DEFAULT_PREFIX),
    '--gateway',
    formatAddress(router, 'inet'),
  ];
}

function takesRoot(what: string, hint: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `${what} takes root`, {
    step: 'check options',
    hint,
  });
}
