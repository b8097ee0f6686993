import { ContainervError, type Enforced, isContainervError, type SecurityPolicy } from 'containerv-api';
import {
  compileBrokerFilter,
  compileSocketFilter,
  compileUnixRefusal,
  type NetworkRule,
  seccompLogRequested,
} from 'containerv-policy';
import { chainFilters, type Confinement, confinementOf, filterArch } from './confinement.js';
import { HOST_NETWORK_STEP, type HostNetwork, hostNetworkOf } from './landlock/host-network.js';
import { fileRulesOf, rulesetOf } from './landlock/ruleset.js';
import { randomPass } from './learn/observed-spawn.js';
import { hostBrokerOf } from './network/host-broker.js';
import { networkRulesOf, refuseRuleChangers, refusesUnixSockets } from './network/refuse-rules.js';
import { type BrokerRule, localSocketRules, type SocketBroker } from './network/socket-broker.js';

/** Where a process is to be confined. */
export interface Surroundings {
  readonly network: Enforced['network'];
  /** Whether the host's processes are in sight. */
  readonly sharesProcesses: boolean;
  /** Of this kernel; 0 without Landlock. */
  readonly landlockAbi: number;
  /** Whether it is one process of a container. @defaultValue the container */
  readonly ofProcess?: boolean;
}

const NETWORK_ABI = 4;

/**
 * Everything that a policy comes to in its surroundings.
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for network rules that cannot be enforced in them
 */
export function confine(policy: SecurityPolicy, surroundings: Surroundings): Confinement {
  const { network, sharesProcesses, landlockAbi: abi } = surroundings;
  const confinement = { ...confinementOf(policy), fileRules: fileRulesOf(policy) };
  const rules = network === 'host' ? networkRulesOf(policy) : undefined;
  const shared = { network: network === 'host', processes: sharesProcesses };
  const options = { arch: filterArch(), log: seccompLogRequested() };
  if (rules !== undefined) {
    const host = hostRulesOf(policy, rules, surroundings);
    const ruleset = rulesetOf(policy, abi, shared, host);
    const narrower = narrowed(confinement, compileSocketFilter(host.sockets, options));
    const sockets = host.rules === undefined ? {} : brokered(host.rules, false);
    return { ...confinement, ...narrower, ...sockets, ruleset };
  }
  const ruleset = rulesetOf(policy, abi, shared);
  if (network === 'host') return { ...confinement, ruleset };
  const local = localSocketFilter(policy);
  if (local !== undefined) return { ...confinement, ...narrowed(confinement, local), ruleset };
  const judged = localSocketRules(networkRulesOf(policy) ?? []);
  return { ...confinement, ...(judged === undefined ? {} : brokered(judged, true)), ruleset };
}

interface HostRules extends HostNetwork {
  /** What Landlock cannot judge, and init has to. */
  readonly rules?: readonly BrokerRule[];
}

/** Landlock costs a process nothing, so whatever it can express is left to it. */
function hostRulesOf(
  policy: SecurityPolicy,
  rules: readonly NetworkRule[],
  { landlockAbi, ofProcess = false }: Surroundings,
): HostRules {
  try {
    const host = hostNetworkOf(rules);
    requirePorts(host, landlockAbi);
    return host;
  } catch (error) {
    // Init judges by one set of rules, the container's.
    if (ofProcess || !isContainervError(error) || error.step !== HOST_NETWORK_STEP) throw error;
    refuseRuleChangers(policy);
    return { ...hostBrokerOf(rules), handled: 0n, ports: [] };
  }
}

/** @param packets - whether packets of the internet families are judged elsewhere */
function brokered(
  rules: readonly BrokerRule[],
  packets: boolean,
): { readonly sockets: SocketBroker | undefined } {
  if (seccompLogRequested()) return { sockets: undefined };
  const pass = randomPass();
  const datagrams = rules.some(
    ({ family, protocol, allow }) =>
      (family === 'unix' && allow.includes('send')) || (!packets && family !== 'unix' && protocol !== 'tcp'),
  );
  return {
    sockets: {
      filter: compileBrokerFilter({ arch: filterArch(), pass, datagrams }),
      pass,
      packets,
      rules,
    },
  };
}

/** In a network namespace of its own, packets are judged; local sockets have none. */
function localSocketFilter(policy: SecurityPolicy): Uint8Array | undefined {
  return refusesUnixSockets(policy) && !seccompLogRequested() ? compileUnixRefusal(filterArch()) : undefined;
}

function narrowed(
  { filter }: Confinement,
  by: Uint8Array,
): Pick<Confinement, 'filter' | 'filterText' | 'narrowing'> {
  const chained = chainFilters(filter, by);
  return { filter: chained, filterText: Buffer.from(chained).toString('base64'), narrowing: by };
}

/** Where no socket of TCP can be made, the filter alone does it. */
function requirePorts({ handled, sockets }: HostNetwork, abi: number): void {
  if (abi >= NETWORK_ABI || handled === 0n || sockets.families.every((family) => family === 'unix')) return;
  const lack = abi === 0 ? 'has no Landlock' : `has Landlock ABI ${abi}`;
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Rules for ports on the host's network take Landlock ABI ${NETWORK_ABI}, and this kernel ${lack}`,
    { step: HOST_NETWORK_STEP, hint: 'Linux 6.7 brings it. See: containerv doctor' },
  );
}
