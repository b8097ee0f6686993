import { readFile } from 'node:fs/promises';
import type { ContainerSpec } from 'containerv-api';
import { resolvePolicy } from '../confinement.js';
import type { NetlinkProgram, PortClaim } from '../native.js';
import { addTables } from '../netlink/nft-table.js';
import type { RootOperation } from '../plan/operation.js';
import type { AddressRange } from './ip.js';
import { type Destination, ownTable } from './own-rules.js';
import { networkRulesOf } from './refuse-rules.js';

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** What connects a container, and confines it in its own network namespace. */
export interface NetworkSetup {
  /** What init does in its namespace, before anything else runs there. */
  readonly inside: readonly RootOperation[];
  /** What the driver does on the host, when the namespace is there and before init is told its plan. */
  readonly outside: NetlinkProgram;
  readonly ports: readonly PortClaim[];
  /** /etc/resolv.conf */
  readonly resolvConf: string;
  /** /etc/hosts; without, only the container's own name. */
  readonly hosts?: string;
  /** A file of the host that is /etc/hosts, which others go on writing to. */
  readonly hostsSource?: string;
  /** A whole message to a worker that connects the network namespace. */
  readonly connect?: Buffer;
}

const NOTHING: NetlinkProgram = { lock: '', exclusive: false, exchanges: [] };
export const APPLY_RULES = 'apply network rules';

/** Of a container that has only its loopback interface, or the host's network. */
export async function isolatedNetwork(spec: ContainerSpec): Promise<NetworkSetup> {
  const none = spec.network.mode === 'none';
  return {
    inside: none ? ownRules(spec, undefined) : [],
    outside: NOTHING,
    ports: [],
    resolvConf: none ? '# no network\n' : await readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
  };
}

/** The rules that a container carries in its namespace, if there are any to carry. */
export function ownRules(
  spec: ContainerSpec,
  egress: readonly Destination[] | undefined,
  unreachable: readonly AddressRange[] = [],
): readonly RootOperation[] {
  const table = ownTable({ policy: networkRulesOf(resolvePolicy(spec.policy)), egress, unreachable });
  if (table === undefined) return [];
  return [{ op: 'netlink', step: APPLY_RULES, protocol: NETLINK_NETFILTER, messages: addTables([table]) }];
}
