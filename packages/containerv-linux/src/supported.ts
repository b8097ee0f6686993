import { ContainervError, type ContainerSpec, type SecurityPolicy } from 'containerv-api';
import { resolvePolicy } from './confinement.js';

/** Refuses what the contract has and this driver does not enforce. Nothing asked for is ever left out silently. */
export function refuseUnsupported(spec: ContainerSpec): void {
  if (spec.network.mode === 'private') throw unsupported("`network` as an object (only 'none' and 'host')");
  if (spec.devices.length > 0) throw unsupported('`devices`');
  if (!spec.namespaces.mount) throw unsupported('`namespaces.mount: false`');
  if (spec.root.kind === 'layers' && spec.root.layers.some(({ type }) => type === 'image')) {
    throw unsupported("layers of type 'image'");
  }
  refuseUnsupportedPolicy(resolvePolicy(spec.policy), spec.network.mode);
}

/** Rules for a network of the container's own are not enforced yet; see `confine` for the host's. */
export function refuseUnsupportedPolicy(policy: SecurityPolicy, network: 'none' | 'host' | 'private'): void {
  // Without a network nothing can be reached, whatever the rules allow.
  if (policy.networkRules !== undefined && network === 'private') {
    throw unsupported('enforcement of network rules, and the policy has some (`addNetworkRules`)');
  }
}

function unsupported(what: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `This version of containerv-linux has no ${what}`,
    {
      step: 'check options',
      hint: 'It is refused because ignoring it would give you less than you asked for. Leave the option out.',
    },
  );
}
