import { ContainervError, type ContainerSpec, type SecurityPolicy } from 'containerv-api';
import { createPolicy } from 'containerv-policy';
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

/** A policy's system calls and capabilities are enforced; its rules for files and the network are not yet. */
export function refuseUnsupportedPolicy(policy: SecurityPolicy, network: 'none' | 'host' | 'private'): void {
  const own = policy.paths.find((rule) => !standardPaths().has(pathKey(rule)));
  if (own !== undefined)
    throw unsupported(`enforcement of file rules, and the policy has one for '${own.path}'`);
  // Without a network nothing can be reached, whatever the rules allow.
  if (policy.networkRules !== undefined && network !== 'none') {
    throw unsupported('enforcement of network rules, and the policy has some');
  }
}

let standard: ReadonlySet<string> | undefined;

/** The rules of the base policies describe what mount namespaces already give; they are told in `enforced`. */
function standardPaths(): ReadonlySet<string> {
  standard ??= new Set(
    (['minimal', 'build', 'network', 'custom'] as const).flatMap((name) =>
      createPolicy(name).paths.map(pathKey),
    ),
  );
  return standard;
}

function pathKey({ path, access }: { readonly path: string; readonly access: number }): string {
  return `${access} ${path}`;
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
