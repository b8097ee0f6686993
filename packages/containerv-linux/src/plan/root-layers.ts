import type { ContainerSpec, ResolvedLayer } from 'containerv-api';

type Root = ContainerSpec['root'];

/** What a root is composed of by overlayfs, lowest first. */
export function rootLayers(root: Root): readonly ResolvedLayer[] {
  return root.kind === 'layers' ? root.layers.filter(({ type }) => type !== 'host-directory') : [];
}

/** What is mounted in it. */
export function hostDirectories(root: Root): readonly ResolvedLayer[] {
  return root.kind === 'layers' ? root.layers.filter(({ type }) => type === 'host-directory') : [];
}

/**
 * Whether the host's own system directories are below everything else: also when layers hold nothing but changes, as
 * snapshots do, and no layer says to what.
 */
export function liesOnHost(root: Root): boolean {
  if (root.kind !== 'layers') return root.kind === 'host';
  const layers = rootLayers(root);
  return layers.length > 0 && layers.every(({ type }) => type === 'overlay');
}
