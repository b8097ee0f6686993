import { ContainervError } from 'containerv-api';
import type { NetworkFamily, NetworkOperation, NetworkRule, SocketUse } from 'containerv-policy';

/** A policy's network rules, as far as a container that shares the host's network can be held to them. */
export interface HostNetwork {
  readonly sockets: SocketUse;
  /** LANDLOCK_ACCESS_NET_* rights that ports need a rule for. */
  readonly handled: bigint;
  readonly ports: readonly { readonly port: number; readonly rights: bigint }[];
}

export const HOST_NETWORK_STEP = 'check network rules';

type Ports = 'every' | ReadonlySet<number>;
type Internet = 'inet' | 'inet6';
interface TcpPorts {
  readonly bind: Ports;
  readonly connect: Ports;
}

/** linux/landlock.h, from ABI 4 on. */
const RIGHTS = { bind: 1n, connect: 2n } as const;
/** Each is a rule that the kernel copies for every process. */
const MOST_PORTS = 1024;
const OPERATIONS: readonly NetworkOperation[] = ['connect', 'bind', 'listen', 'accept', 'send'];
const WATCHED = ['bind', 'connect'] as const;

/**
 * What Landlock and seccomp together do with `rules`: ports of TCP, and which kinds of socket there are at all.
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for what they cannot express
 */
export function hostNetworkOf(rules: readonly NetworkRule[]): HostNetwork {
  const useful = rules.filter(({ allow, ports }) => allow?.length !== 0 && ports?.length !== 0);
  for (const rule of useful) refuseInexpressible(rule);
  const tcp = useful.filter(({ family }) => family !== 'unix');
  const inet = portsOf(tcp, 'inet');
  const inet6 = portsOf(tcp, 'inet6');
  const families = (['inet', 'inet6', 'unix'] as const).filter((family) =>
    useful.some((rule) => rule.family === family),
  );
  // One rule of Landlock is for both families, and a socket of IPv6 reaches IPv4 by ::ffff:0:0/96.
  if (families.includes('inet6') && WATCHED.some((operation) => !same(inet[operation], inet6[operation]))) {
    throw inexpressible(
      'different ports for IPv4 and IPv6',
      "Give `family: 'inet'` and `family: 'inet6'` the same ports and operations, or rules for 'inet' alone.",
    );
  }
  const handled = families.some((family) => family !== 'unix')
    ? inet
    : { bind: new Set(), connect: new Set() };
  const limited = WATCHED.filter((operation) => handled[operation] !== 'every');
  return {
    sockets: {
      families,
      listen: uniformly('listen', useful),
      accept: uniformly('accept', useful),
      watchesConnect: limited.includes('connect'),
    },
    handled: limited.reduce((rights, operation) => rights | RIGHTS[operation], 0n),
    ports: mergePorts(inet, limited),
  };
}

function allows({ allow }: NetworkRule, operation: NetworkOperation): boolean {
  return (allow ?? OPERATIONS).includes(operation);
}

function refuseInexpressible(rule: NetworkRule): void {
  const { family, protocol, address, path, ports } = rule;
  if (path !== undefined) {
    throw inexpressible(
      `a rule for the socket ${path}`,
      "Leave `path` out, or take a network of the container's own: abstract names of the host are not in it. Sockets in the file system are there only if you mount them.",
    );
  }
  if (family === 'unix') {
    if (['connect', 'bind', 'send'].every((operation) => allows(rule, operation as NetworkOperation))) return;
    throw inexpressible(
      'a rule for some uses of local sockets',
      "For `family: 'unix'`, `allow` has to have 'connect', 'bind' and 'send'.",
    );
  }
  if (protocol !== 'tcp') {
    throw inexpressible(
      'a rule for UDP',
      "Write `protocol: 'tcp'`, or take a network of the container's own.",
    );
  }
  if (address !== undefined && address !== (family === 'inet' ? '0.0.0.0/0' : '::/0')) {
    throw inexpressible(
      `a rule for the address ${address}`,
      "Landlock sees ports only. Leave `address` out, or take a network of the container's own.",
    );
  }
  // A socket that listens without having been bound gets a port of the kernel's choice, which no rule for ports sees.
  if (ports !== undefined && allows(rule, 'listen')) {
    throw inexpressible(
      '`listen` on some ports only',
      "Leave `ports` out of the rule that has 'listen', or publish the ports of a network of the container's own.",
    );
  }
}

/** Calls that name no socket's kind are the same for all kinds. */
function uniformly(operation: 'listen' | 'accept', rules: readonly NetworkRule[]): boolean {
  const kinds = [
    rules.filter(({ family }) => family === 'unix'),
    rules.filter(({ family }) => family !== 'unix'),
  ].filter((kind) => kind.length > 0);
  const answers = new Set(kinds.map((kind) => kind.some((rule) => allows(rule, operation))));
  if (answers.size < 2) return answers.has(true);
  throw inexpressible(
    `\`${operation}\` for local sockets or TCP alone`,
    `Let the rules for both have '${operation}', or neither: state \`allow\` in each.`,
  );
}

function portsOf(rules: readonly NetworkRule[], family: Internet): TcpPorts {
  const own = rules.filter((rule) => (rule.family satisfies NetworkFamily) === family);
  const of = (operation: 'bind' | 'connect'): Ports => {
    const allowing = own.filter((rule) => allows(rule, operation));
    if (allowing.some(({ ports }) => ports === undefined)) return 'every';
    const ports = new Set<number>();
    for (const range of allowing.flatMap((rule) => rule.ports ?? [])) {
      const [from, to] = typeof range === 'number' ? [range, range] : range;
      if (to - from >= MOST_PORTS) throw tooMany();
      for (let port = from; port <= to; port++) ports.add(port);
    }
    if (ports.size > MOST_PORTS) throw tooMany();
    return ports;
  };
  return { bind: of('bind'), connect: of('connect') };
}

function mergePorts(tcp: TcpPorts, limited: readonly ('bind' | 'connect')[]): HostNetwork['ports'] {
  const merged = new Map<number, bigint>();
  for (const operation of limited) {
    const ports = tcp[operation];
    if (ports === 'every') continue;
    for (const port of ports) merged.set(port, (merged.get(port) ?? 0n) | RIGHTS[operation]);
  }
  return [...merged].map(([port, rights]) => ({ port, rights })).sort((a, b) => a.port - b.port);
}

function same(one: Ports, other: Ports): boolean {
  if (one === 'every' || other === 'every') return one === other;
  return one.size === other.size && [...one].every((port) => other.has(port));
}

function tooMany(): ContainervError {
  return inexpressible(
    `more than ${MOST_PORTS} single ports`,
    'Leave `ports` out for every port, or name fewer.',
  );
}

function inexpressible(what: string, hint: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `On the host's network there is no enforcement of ${what}`,
    { step: HOST_NETWORK_STEP, hint },
  );
}
