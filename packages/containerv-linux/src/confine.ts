import { ContainervError, type Enforced, type SecurityPolicy } from 'containerv-api';
import {
  compileSocketFilter,
  compileUnixRefusal,
  type NetworkRule,
  seccompLogRequested,
} from 'containerv-policy';
import { chainFilters, type Confinement, confinementOf, filterArch } from './confinement.js';
import { type HostNetwork, hostNetworkOf } from './landlock/host-network.js';
import { fileRulesOf, rulesetOf } from './landlock/ruleset.js';
import { refusesUnixSockets } from './network/refuse-rules.js';

/** Where a process is to be confined. */
export interface Surroundings {
  readonly network: Enforced['network'];
  /** Whether the host's processes are in sight. */
  readonly sharesProcesses: boolean;
  /** Of this kernel; 0 without Landlock. */
  readonly landlockAbi: number;
}

const NETWORK_ABI = 4;

/**
 * Everything that a policy comes to in its surroundings.
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for network rules that cannot be enforced in them
 */
export function confine(policy: SecurityPolicy, surroundings: Surroundings): Confinement {
  const { network, sharesProcesses, landlockAbi: abi } = surroundings;
  const confinement = { ...confinementOf(policy), fileRules: fileRulesOf(policy) };
  const rules = network === 'host' ? policy.networkRules : undefined;
  const host = rules === undefined ? undefined : hostNetworkOf(rules as readonly NetworkRule[]);
  const shared = { network: network === 'host', processes: sharesProcesses };
  const ruleset = rulesetOf(policy, abi, shared, host);
  if (host === undefined) {
    const local = network === 'host' ? undefined : localSocketFilter(policy);
    return local === undefined
      ? { ...confinement, ruleset }
      : { ...confinement, ...narrowed(confinement, local), ruleset };
  }
  requirePorts(host, abi);
  const options = { arch: filterArch(), log: seccompLogRequested() };
  return { ...confinement, ...narrowed(confinement, compileSocketFilter(host.sockets, options)), ruleset };
}

/** In a network namespace of its own, packets are judged; local sockets have none. */
function localSocketFilter(policy: SecurityPolicy): Uint8Array | undefined {
  return refusesUnixSockets(policy) && !seccompLogRequested() ? compileUnixRefusal(filterArch()) : undefined;
}

function narrowed({ filter }: Confinement, by: Uint8Array): Pick<Confinement, 'filter' | 'filterText'> {
  const chained = chainFilters(filter, by);
  return { filter: chained, filterText: Buffer.from(chained).toString('base64') };
}

/** Where no socket of TCP can be made, the filter alone does it. */
function requirePorts({ handled, sockets }: HostNetwork, abi: number): void {
  if (abi >= NETWORK_ABI || handled === 0n || sockets.families.every((family) => family === 'unix')) return;
  const lack = abi === 0 ? 'has no Landlock' : `has Landlock ABI ${abi}`;
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Rules for ports on the host's network take Landlock ABI ${NETWORK_ABI}, and this kernel ${lack}`,
    { step: 'check network rules', hint: 'Linux 6.7 brings it. See: containerv doctor' },
  );
}
