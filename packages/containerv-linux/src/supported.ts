import { ContainervError, type ContainerSpec } from 'containerv-api';

/** Refuses what the contract has and this driver does not enforce. Nothing asked for is ever left out silently. */
export function refuseUnsupported(spec: ContainerSpec): void {
  if (spec.network.mode === 'private') throw unsupported("`network` as an object (only 'none' and 'host')");
  if (spec.devices.length > 0) throw unsupported('`devices`');
  if (!spec.namespaces.mount) throw unsupported('`namespaces.mount: false`');
  if (spec.root.kind === 'layers' && spec.root.layers.some(({ type }) => type === 'image')) {
    throw unsupported("layers of type 'image'");
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
