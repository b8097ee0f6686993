import { ContainervError, type ContainerSpec, type ResolvedLayer } from 'containerv-api';
import { type EtcFile, GENERATED_LAYER, placeEtcFiles } from './etc-files.js';
import { EMPTY_DIRECTORIES, MOUNT_POINTS } from './host-root.js';
import { type HostEntry, type HostView, takesOverlay } from './host-view.js';
import type { MountFlag, RootOperation } from './operation.js';
import { hostDirectories, liesOnHost, rootLayers } from './root-layers.js';
import type { SourceTrees } from './source-trees.js';
import { keepsRoot } from './standard-mounts.js';

interface WritableDirectories {
  readonly upper: string;
  readonly work: string;
}

export interface RootContext {
  readonly host: HostView;
  readonly trees: SourceTrees;
  /** The directory on the host with `upper` and `work`, where writes go; `undefined` when they go nowhere or to memory. */
  readonly directory: string | undefined;
  /** Overlay marks deletions in `user.` attributes, as it must in a user namespace (overlayfs.rst, "Permission model"). */
  readonly userAttributes: boolean;
  /** What is written goes when the container does, so it need not survive the machine either. */
  readonly volatile: boolean;
  readonly memoryBytes: number;
  readonly etcFiles: readonly EtcFile[];
}

/** OVL_MAX_STACK in fs/overlayfs/params.h, and `kMaxLayers` of `native/init/overlay.cc`. */
const MAX_LAYERS = 500;

const CONTAINED: readonly MountFlag[] = ['nosuid', 'nodev'];
/** In the staging tmpfs: what a container with `writable: 'tmpfs'` writes. */
const MEMORY = 'memory';
/** In the staging tmpfs: an empty directory, of which a root that is read-only has its mode and owner. */
const OPEN_LAYER = 'open';

/** How the root directory itself comes about, up to `open-root`. */
export function rootOperations(spec: ContainerSpec, context: RootContext): RootOperation[] {
  const root = liesOnHost(spec.root) ? hostRoot(spec, context) : composedRoot(spec, context);
  return [...root, ...boundDirectories(spec, context)];
}

function composedRoot(spec: ContainerSpec, context: RootContext): RootOperation[] {
  const lower = layersOf(spec.root);
  const [only] = lower;
  if ((spec.writable === false || spec.writable === 'direct') && lower.length === 1 && only !== undefined) {
    return [
      {
        op: 'bind',
        place: 'staging',
        path: 'root',
        source: sourceOf(only, context, true),
        flags: ['recursive'],
        attributes: CONTAINED,
      },
      { op: 'open-root' },
    ];
  }
  const layers = lower.map((layer) => sourceOf(layer, context));
  if (spec.writable === false) {
    return readonlyRoot(layers, context);
  }
  const [prepare, writes] = writableParts('root', spec, context);
  return [
    ...placeEtcFiles(context.etcFiles, GENERATED_LAYER),
    ...prepare,
    overlay('staging', 'root', [...layers, GENERATED_LAYER], writes, context),
    { op: 'open-root' },
  ];
}

/** A layer's own directory may be closed to all but its owner, as snapshots are; the root is not. */
function readonlyRoot(layers: readonly string[], context: RootContext): RootOperation[] {
  return [
    { op: 'mkdir', place: 'staging', path: OPEN_LAYER, mode: 0o755 },
    overlay('staging', 'root', [...layers, OPEN_LAYER], undefined, context),
    { op: 'open-root' },
  ];
}

type Lower = Pick<ResolvedLayer, 'type' | 'source'>;

function layersOf(root: ContainerSpec['root']): readonly Lower[] {
  if (root.kind === 'directory') return [{ type: 'directory', source: root.path }];
  const layers = rootLayers(root);
  if (layers.length > 0) return layers;
  throw new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    '`layers` needs at least one layer that can be the root',
    {
      hint: "Add a layer of type 'directory' or 'image' below the 'host-directory' ones.",
    },
  );
}

function sourceOf({ type, source }: Lower, { trees }: RootContext, recursive = false): string {
  return type === 'image' ? trees.ofImage(source) : trees.of(source, recursive);
}

function boundDirectories(spec: ContainerSpec, { trees }: RootContext): RootOperation[] {
  return hostDirectories(spec.root).map(
    ({ source, target, readonly }): RootOperation => ({
      op: 'bind',
      path: target ?? '/',
      source: trees.of(source, true),
      flags: keepsRoot(spec) ? ['recursive'] : ['recursive', 'create'],
      attributes: readonly ? [...CONTAINED, 'readonly'] : CONTAINED,
    }),
  );
}

/**
 * The root is a skeleton of the container's own with the host's system directories mounted in it. The skeleton is in
 * memory; unless the root is read-only it is the lower layer of an overlay, so that what is written goes where all writes
 * go.
 */
function hostRoot(spec: ContainerSpec, context: RootContext): RootOperation[] {
  const { host } = context;
  const shown = [...host.system, ...host.stores, ...host.etc];
  const layers = rootLayers(spec.root).map((layer) => sourceOf(layer, context));
  if (spec.writable === false && layers.length === 0) {
    return [
      memoryFilesystem('root', context),
      ...skeleton('root', context),
      { op: 'open-root' },
      ...shown.flatMap((entry) => readonlyEntry(entry, context)),
    ];
  }
  const [prepare, writes] = writableParts('root', spec, context);
  return [
    ...skeleton(GENERATED_LAYER, context),
    ...prepare,
    ...(writes === undefined
      ? readonlyRoot([GENERATED_LAYER, ...layers], context)
      : [
          overlay('staging', 'root', [GENERATED_LAYER, ...layers], writes, context),
          { op: 'open-root' } as const,
        ]),
    ...host.system.flatMap((entry) => systemEntry(entry, spec, context)),
    ...[...host.stores, ...host.etc].flatMap((entry) => readonlyEntry(entry, context)),
  ];
}

/** Directories, links, generated files, and a mount point for everything that is shown of the host. */
function skeleton(base: string, { host, etcFiles }: RootContext): RootOperation[] {
  const directories = [...EMPTY_DIRECTORIES, ...MOUNT_POINTS.map((path) => ({ path, mode: 0o755 }))];
  return [
    ...directories.map(
      ({ path, mode }): RootOperation => ({ op: 'mkdir', place: 'staging', path: `${base}${path}`, mode }),
    ),
    ...[...host.system, ...host.stores, ...host.etc].map((entry): RootOperation => {
      const path = `${base}${entry.path}`;
      if (entry.kind === 'link') return { op: 'symlink', place: 'staging', path, target: entry.target };
      if (entry.kind === 'directory') return { op: 'mkdir', place: 'staging', path, mode: 0o755 };
      return { op: 'file', place: 'staging', path, flags: [], content: '' };
    }),
    ...placeEtcFiles(etcFiles, base),
  ];
}

function systemEntry(entry: HostEntry, spec: ContainerSpec, context: RootContext): RootOperation[] {
  if (entry.kind !== 'directory') return [];
  const changed = context.host.changed?.get(entry.path) ?? [];
  if (!takesOverlay(entry, spec.namespaces.user)) {
    if (changed.length > 0) throw covered(entry.path);
    return readonlyEntry(entry, context);
  }
  if (spec.writable === false && changed.length === 0) return readonlyEntry(entry, context);
  const above = changed.map(({ layer, path }) => `${context.trees.of(layer, false)}${path}`);
  const [prepare, writes] = writableParts(entry.path.slice(1), spec, context);
  return [
    ...prepare,
    overlay('root', entry.path, [context.trees.ofSystem(entry.path), ...above], writes, context),
  ];
}

function covered(path: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_LAYER',
    `No layer can lie on this host's ${path}, below which other file systems are mounted`,
    {
      step: 'compose root',
      hint: 'Without a user namespace it can: `namespaces: { user: false }`, as root.',
    },
  );
}

function readonlyEntry(entry: HostEntry, { trees }: RootContext): RootOperation[] {
  const { path, kind } = entry;
  if (kind === 'link') return [];
  const flags = kind === 'directory' ? (['no-symlinks', 'recursive'] as const) : (['no-symlinks'] as const);
  // What is mounted below may have no mapped mounts. For reading, that of the host's own does as well.
  const source = kind === 'directory' && entry.covered ? path : trees.ofSystem(path);
  return [{ op: 'bind', path, source, flags, attributes: [...CONTAINED, 'readonly'] }];
}

/** What has to be made first, and the overlay's upper and work directories for the part called `name`. */
function writableParts(
  name: string,
  spec: ContainerSpec,
  context: RootContext,
): readonly [RootOperation[], WritableDirectories | undefined] {
  const { directory } = context;
  if (spec.writable === false) return [[], undefined];
  if (spec.writable !== 'tmpfs') {
    if (directory === undefined) throw new Error('no directories for the overlay');
    // The upper directory of /usr is `usr` of the root's own upper directory: together they are one tree of changes.
    const top = context.trees.of(directory, false);
    const upper = name === 'root' ? `${top}/upper` : `${top}/upper/${name}`;
    const work = [top, 'work', name].join('/');
    return [[], { upper, work }];
  }
  // As on the disk: one tree of changes, which a snapshot copies.
  const upper = name === 'root' ? `${MEMORY}/upper` : `${MEMORY}/upper/${name}`;
  const work = `${MEMORY}/work/${name}`;
  return [
    [
      // The root's own part comes first, and brings the memory for all.
      ...(name === 'root' ? [memoryFilesystem(MEMORY, context)] : []),
      { op: 'mkdir', place: 'staging', path: upper, mode: 0o755 },
      { op: 'mkdir', place: 'staging', path: work, mode: 0o700 },
    ],
    { upper, work },
  ];
}

function memoryFilesystem(path: string, { memoryBytes }: RootContext): RootOperation {
  return {
    op: 'mount',
    place: 'staging',
    path,
    flags: ['create'],
    type: 'tmpfs',
    source: 'root',
    attributes: CONTAINED,
    options: { mode: '0755', size: String(memoryBytes) },
  };
}

function tooMany(over: number): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_LAYER',
    `An overlay takes ${MAX_LAYERS} layers, those of containerv's own files among them: \`layers\` has ${over} too many`,
    {
      step: 'compose root',
      hint: 'Merge some: the snapshot of a container has all that it wrote in one layer.',
    },
  );
}

/** `lowerFirst` is ordered lowest first, as users write layers; overlayfs wants the topmost first. */
function overlay(
  place: 'root' | 'staging',
  path: string,
  lowerFirst: readonly string[],
  writes: WritableDirectories | undefined,
  { userAttributes, volatile }: RootContext,
): RootOperation {
  if (lowerFirst.length > MAX_LAYERS) throw tooMany(lowerFirst.length - MAX_LAYERS);
  return {
    op: 'overlay',
    place,
    path,
    flags: ['no-symlinks'],
    attributes: CONTAINED,
    lower: lowerFirst.toReversed(),
    upper: writes?.upper ?? '',
    work: writes?.work ?? '',
    userAttributes,
    volatile: volatile && writes !== undefined,
  };
}
