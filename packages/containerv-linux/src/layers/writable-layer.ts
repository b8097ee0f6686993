import path from 'node:path';
import type { ContainerSpec } from 'containerv-api';
import { GENERATED_FILES } from '../plan/etc-files.js';
import { EMPTY_DIRECTORIES, MOUNT_POINTS } from '../plan/host-root.js';
import type { HostView } from '../plan/host-view.js';
import { hostDirectories, rootLayers } from '../plan/root-layers.js';

/** What tells a container's own changes from what it was made of, for the program that made it and for others. */
export interface WritableLayer {
  /** `null`: in memory, of which only the container's init knows the place. */
  readonly upper: string | null;
  /** Parts of the root with layers of their own, the root itself first. */
  readonly parts: readonly LayeredPart[];
  /** Paths that the container was given, and that none of the layers has. */
  readonly given: readonly string[];
}

interface LayeredPart {
  /** `''`, or such as `'usr'`. */
  readonly path: string;
  /** Topmost first. */
  readonly lower: readonly LowerLayer[];
}

/** `image`: the file system in that file. */
export interface LowerLayer {
  readonly path: string;
  readonly image: boolean;
}

/** `null`: the container writes to its root itself, or not at all. */
export function writableLayer(
  spec: ContainerSpec,
  host: HostView,
  dataDirectory: string | null,
): WritableLayer | null {
  if (spec.writable !== 'tmpfs' && dataDirectory === null) return null;
  const { root } = spec;
  const layers =
    root.kind === 'directory'
      ? [directory(root.path)]
      : rootLayers(root)
          .map(({ type, source }) => ({ path: source, image: type === 'image' }))
          .toReversed();
  const system = host.system.flatMap((entry) => (entry.kind === 'directory' ? [entry.path] : []));
  const shown = [...host.system, ...host.stores, ...host.etc].map((entry) => entry.path);
  const targets = [
    ...spec.mounts.map(({ target }) => target),
    ...hostDirectories(root).map(({ target }) => target ?? '/'),
  ];
  const given = [
    ...shown,
    ...EMPTY_DIRECTORIES.map((empty) => empty.path),
    ...MOUNT_POINTS,
    ...GENERATED_FILES,
    ...targets,
  ];
  return {
    upper: dataDirectory === null ? null : path.join(dataDirectory, 'upper'),
    parts: [
      { path: '', lower: layers },
      ...system.map((part) => ({
        path: part.slice(1),
        lower: [...layers.map((layer) => directory(path.join(layer.path, part))), directory(part)],
      })),
    ],
    given: [...new Set(given.flatMap(withParents))],
  };
}

function directory(at: string): LowerLayer {
  return { path: at, image: false };
}

/** `/a/b` and `/a`. */
function withParents(of: string): string[] {
  return of === '/' ? [] : [...withParents(path.dirname(of)), of];
}
