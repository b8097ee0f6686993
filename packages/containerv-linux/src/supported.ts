import { ContainervError, type ContainerSpec, type SecurityPolicy } from 'containerv-api';
import { resolvePolicy } from './confinement.js';
import { refuseUnenforceableRules } from './network/refuse-rules.js';
import { refuseDevices } from './plan/devices.js';
import { wantedNetwork } from './network/wanted-network.js';

/** Refuses what the contract has and this driver does not enforce. Nothing asked for is ever left out silently. */
export function refuseUnsupported(spec: ContainerSpec): void {
  const { network } = spec;
  if (network.mode === 'private') {
    wantedNetwork(network);
    refuseWithoutRoot(process.getuid?.() ?? 0);
  }
  refuseDevices(spec.devices, process.getuid?.() ?? 0);
  if (!spec.namespaces.mount) throw unsupported('`namespaces.mount: false`');
  refuseUnsupportedPolicy(
    resolvePolicy(spec.policy),
    network.mode,
    network.mode === 'private' && network.egress !== undefined,
  );
}

/** What a network of the container's own cannot hold; see `confine` for the host's. */
export function refuseUnsupportedPolicy(
  policy: SecurityPolicy,
  network: 'none' | 'host' | 'private',
  egress = false,
): void {
  if (network !== 'host') refuseUnenforceableRules(policy, egress);
}

/** Bridges and links between namespaces take capabilities on the host's network. */
export function refuseWithoutRoot(uid: number): void {
  if (uid === 0) return;
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'A private network takes root', {
    step: 'check options',
    hint: "Run as root, or use network: 'none', or network: 'host' with rules for ports in the policy.",
  });
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
