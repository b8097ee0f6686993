import type { PinnedName } from './egress.js';

/** A container's addresses, as text. */
export interface NamedAddresses {
  readonly addresses: readonly string[];
  readonly names: readonly string[];
}

const MARKER = '# Other containers on this network';

/** /etc/hosts of a container with a network of its own. What it pins comes before anything that others are called. */
export function ownHosts(own: NamedAddresses, pinned: readonly PinnedName[]): string {
  return [
    '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n',
    ...lines(own),
    ...pinned.flatMap(({ name, addresses }) => lines({ addresses, names: [name] })),
  ].join('');
}

/** The same file with other containers. */
export function withNeighbours(own: string, neighbours: readonly NamedAddresses[]): string {
  return [own, `${MARKER}\n`, ...neighbours.flatMap(lines).sort()].join('');
}

export function namesOf({ id, hostname }: { readonly id: string; readonly hostname: string }): string[] {
  const short = hostname.split('.')[0] ?? hostname;
  return [...new Set([hostname, short, id])];
}

function lines({ addresses, names }: NamedAddresses): string[] {
  return addresses.map((address) => `${address}\t${names.join(' ')}\n`);
}
