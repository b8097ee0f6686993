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
  const rules = networkRulesOf(policy);
  const capability = policy.capabilities.find((name) => RULE_CHANGING.has(name));
  if ((rules !== undefined || egress) && capability !== undefined) {
    throw refusal(
      `Network rules do not hold for processes that have ${capability}`,
      'Such a process could change them or send past them. Take the capability out of the policy (`setCapabilities`), or the rules.',
    );
  }
  const named = rules?.find(({ path }) => path !== undefined);
  if (named !== undefined) {
    throw refusal(
      `The network rule for the local socket '${named.path}' cannot be enforced`,
      'Local sockets are permitted all ({ family: "unix" }) or none (no such rule). Those of the host are out of reach unless a mount shows them; confine files with `addPaths` to choose among those.',
    );
  }
  const partial = rules?.find(
    ({ family, allow }) => family === 'unix' && allow !== undefined && allow.length > 0 && allow.length < 5,
  );
  if (partial !== undefined) {
    throw refusal(
      'A network rule for local sockets that allows only some operations cannot be enforced',
      'Leave `allow` out of the rule for `unix`, or leave out the rule, which permits no local sockets.',
    );
  }
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

function refusal(message: string, hint: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', message, { step: 'check options', hint });
}
