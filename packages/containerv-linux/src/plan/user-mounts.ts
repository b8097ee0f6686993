import type { ContainerSpec, ResolvedMount } from 'containerv-api';
import type { RootOperation } from './operation.js';
import type { SourceTrees } from './source-trees.js';
import { keepsRoot } from './standard-mounts.js';

/** The mounts a caller asked for, in the caller's order. */
export function userMounts(spec: ContainerSpec, trees: SourceTrees): RootOperation[] {
  return spec.mounts.map((mount) => operation(mount, mount.create && !keepsRoot(spec), trees));
}

function operation(mount: ResolvedMount, makeTarget: boolean, trees: SourceTrees): RootOperation {
  const create = makeTarget ? (['create'] as const) : ([] as const);
  const readonly = mount.readonly ? (['readonly'] as const) : ([] as const);
  const attributes = ['nosuid', 'nodev', ...readonly] as const;
  if (mount.type === 'tmpfs') {
    return {
      op: 'mount',
      path: mount.target,
      flags: create,
      type: 'tmpfs',
      source: 'tmpfs',
      attributes,
      options: { mode: '0755', ...(mount.sizeBytes === undefined ? {} : { size: String(mount.sizeBytes) }) },
    };
  }
  const recursive = mount.recursive ? (['recursive'] as const) : ([] as const);
  return {
    op: 'bind',
    path: mount.target,
    source: trees.of(mount.source, mount.recursive),
    flags: [...create, ...recursive],
    attributes,
  };
}
