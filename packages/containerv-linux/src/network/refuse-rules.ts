import { ContainervError, type SecurityPolicy } from 'containerv-api';
import type { NetworkRule } from 'containerv-policy';

/**
 * Capabilities with which a process could change the rules of its own network namespace, or send past them: what goes
 * out by a packet socket is seen by no output chain (capabilities(7), packet(7)).
 */
const RULE_CHANGING: ReadonlySet<string> = new Set([
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_SYS_ADMIN',
  'CAP_SYS_PTRACE',
]);

export function networkRulesOf(policy: SecurityPolicy): readonly NetworkRule[] | undefined {
  return policy.networkRules as readonly NetworkRule[] | undefined;
}

/**
 * Refuses what nftables inside of a network namespace cannot hold.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED`
 */
export function refuseUnenforceableRules(policy: SecurityPolicy, egress: boolean): void {
  if (networkRulesOf(policy) !== undefined || egress) refuseRuleChangers(policy);
}

/**
 * Refuses rules for who could get around them.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED`
 */
export function refuseRuleChangers(policy: SecurityPolicy): void {
  const capability = policy.capabilities.find((name) => RULE_CHANGING.has(name));
  if (capability === undefined) return;
  throw refusal(
    `Network rules do not hold for processes that have ${capability}`,
    'Such a process could change them or send past them. Take the capability out of the policy (`setCapabilities`), or the rules.',
  );
}

/** Rules hold for a network namespace, and a process shares that of its container. */
export function refuseRulesOfProcess(policy: SecurityPolicy): void {
  if (policy.networkRules === undefined) return;
  throw refusal(
    `The policy '${policy.name}' has network rules, which hold for whole containers only`,
    'Give it to the container (`createContainer({ policy })`), and the process a policy without `addNetworkRules`.',
  );
}

/** Whether no local socket may be made. */
export function refusesUnixSockets(policy: SecurityPolicy): boolean {
  const rules = networkRulesOf(policy);
  return rules !== undefined && !rules.some(({ family, allow }) => family === 'unix' && allow?.length !== 0);
}

export function refusal(message: string, hint: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', message, { step: 'check options', hint });
}
