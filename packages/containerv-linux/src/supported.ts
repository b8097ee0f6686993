import { ContainervError, type ContainerSpec, type SecurityPolicy } from 'containerv-api';
import { resolvePolicy } from './confinement.js';
import { refuseUnenforceableRules } from './network/refuse-rules.js';
import { requirePasta } from './network/user-network.js';
import { refuseWhatTakesRoot } from './network/user-network-options.js';
import { refuseDevices } from './plan/devices.js';
import { wantedNetwork } from './network/wanted-network.js';

/** Refuses what the contract has and this driver does not enforce. Nothing asked for is ever left out silently. */
export function refuseUnsupported(spec: ContainerSpec): void {
  const { network } = spec;
  if (network.mode === 'private') {
    wantedNetwork(network);
    if (process.getuid?.() !== 0) {
      refuseWhatTakesRoot(network);
      requirePasta();
    }
  }
  refuseDevices(spec.devices, process.getuid?.() ?? 0);
  if (!spec.namespaces.mount) throw unsupported('`namespaces.mount: false`');
  refuseUnsupportedPolicy(
    resolvePolicy(spec.policy),
    network.mode,
    // Without root, what keeps it from the host is in its own network namespace too.
    network.mode === 'private' && (network.egress !== undefined || process.getuid?.() !== 0),
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
