import { containerPath, type ContainerSpec } from 'containerv-api';
import type { WindowsHost } from '../windows-host.js';
import type { Guest } from './guest.js';

/** A directory of the host that the container sees. */
export interface MappedDirectory {
  readonly hostPath: string;
  /** As the container itself spells it: `C:\data`, `/data`. */
  readonly target: string;
  readonly readonly: boolean;
  /** Name of its share with a virtual machine, unique in the container. */
  readonly share: string;
}

const STAGING = '/chef/staging';

/** Staging first, then layers from the host, mounts and volumes: later ones cover earlier ones. */
export function mappedDirectories(
  spec: ContainerSpec,
  host: WindowsHost,
  guest: Guest,
): readonly MappedDirectory[] {
  const wanted: Omit<MappedDirectory, 'share'>[] = [];
  const add = (hostPath: string, target: string, readonly: boolean): void => {
    wanted.push({
      hostPath,
      target: containerPath(target, guest.os === 'linux' ? 'linux' : 'wcow'),
      readonly,
    });
  };
  if (host.stagingPath !== undefined) add(host.stagingPath, STAGING, false);
  if (spec.root.kind === 'layers') {
    for (const layer of spec.root.layers) {
      if (layer.target !== undefined) add(layer.source, layer.target, layer.readonly);
    }
  }
  for (const mount of spec.mounts) {
    if (mount.type === 'bind') add(mount.source, mount.target, mount.readonly);
  }
  for (const { volumePath, target, readonly } of host.volumes ?? []) {
    if (volumePath !== undefined) add(volumePath, target, readonly);
  }
  return wanted.map((directory, index) => ({ ...directory, share: `m${index}` }));
}
