import { ContainervError, type ContainerSpec, type ResolvedLayer } from 'containerv-api';
import { type EtcFile, GENERATED_LAYER, placeEtcFiles } from './etc-files.js';
import { EMPTY_DIRECTORIES } from './host-root.js';
import type { HostEntry, HostView } from './host-view.js';
import type { MountFlag, RootOperation } from './operation.js';

/** Directories on the host that a container's writes go to; `undefined` when they go nowhere or to memory. */
export interface WritableDirectories {
  readonly upper: string;
  readonly work: string;
}

export interface RootContext {
  readonly host: HostView;
  /** Where init mounts its private tmpfs, which holds `root`. */
  readonly staging: string;
  readonly directories: WritableDirectories | undefined;
  /** Overlay marks deletions in `user.` attributes, as it must in a user namespace (overlayfs.rst, "Permission model"). */
  readonly userAttributes: boolean;
  readonly memoryBytes: number;
  readonly etcFiles: readonly EtcFile[];
}

const CONTAINED: readonly MountFlag[] = ['nosuid', 'nodev'];
/** In the staging tmpfs: what a container with `writable: 'tmpfs'` writes. */
const MEMORY = 'memory';

/** How the root directory itself comes about, up to `open-root`. */
export function rootOperations(spec: ContainerSpec, context: RootContext): RootOperation[] {
  switch (spec.root.kind) {
    case 'host':
      return hostRoot(spec, context);
    case 'directory':
      return directoryRoot(spec, [spec.root.path], context);
    case 'layers':
      return layeredRoot(spec, spec.root.layers, context);
  }
}

function directoryRoot(
  spec: ContainerSpec,
  lowerFirst: readonly string[],
  context: RootContext,
): RootOperation[] {
  const [only] = lowerFirst;
  if (
    (spec.writable === false || spec.writable === 'direct') &&
    lowerFirst.length === 1 &&
    only !== undefined
  ) {
    return [
      {
        op: 'bind',
        place: 'staging',
        path: 'root',
        source: only,
        flags: ['recursive'],
        attributes: CONTAINED,
      },
      { op: 'open-root' },
    ];
  }
  if (spec.writable === false) {
    return [overlay('staging', 'root', lowerFirst, undefined, context), { op: 'open-root' }];
  }
  const [prepare, writes] = writableParts('root', spec, context);
  const layers = [...lowerFirst, `${context.staging}/${GENERATED_LAYER}`];
  return [
    ...placeEtcFiles(spec, context.etcFiles),
    ...prepare,
    overlay('staging', 'root', layers, writes, context),
    { op: 'open-root' },
  ];
}

function layeredRoot(
  spec: ContainerSpec,
  layers: readonly ResolvedLayer[],
  context: RootContext,
): RootOperation[] {
  const lower = layers
    .filter(({ type }) => type === 'directory' || type === 'overlay')
    .map(({ source }) => source);
  if (lower.length === 0) {
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_OPTION',
      '`layers` needs at least one layer that can be the root',
      {
        hint: "Add a layer of type 'directory' below the 'host-directory' ones.",
      },
    );
  }
  const binds = layers.filter(({ type }) => type === 'host-directory');
  return [
    ...directoryRoot(spec, lower, context),
    ...binds.map(
      ({ source, target, readonly }): RootOperation => ({
        op: 'bind',
        path: target ?? '/',
        source,
        flags: spec.writable === false ? ['recursive'] : ['recursive', 'create'],
        attributes: readonly ? [...CONTAINED, 'readonly'] : CONTAINED,
      }),
    ),
  ];
}

/** The root is an empty directory of the container's own, with the host's system directories in it. */
function hostRoot(spec: ContainerSpec, context: RootContext): RootOperation[] {
  const { host, directories } = context;
  const root: RootOperation =
    directories === undefined
      ? memoryFilesystem('root', context)
      : {
          op: 'bind',
          place: 'staging',
          path: 'root',
          source: directories.upper,
          flags: [],
          attributes: CONTAINED,
        };
  return [
    root,
    { op: 'open-root' },
    ...EMPTY_DIRECTORIES.map(({ path, mode }): RootOperation => ({ op: 'mkdir', path, mode })),
    ...(spec.writable === 'tmpfs' ? [memoryFilesystem(MEMORY, context)] : []),
    ...host.system.flatMap((entry) => systemEntry(entry, spec, context)),
    ...[...host.stores, ...host.etc].map((entry) => readonlyEntry(entry)),
  ];
}

function systemEntry(entry: HostEntry, spec: ContainerSpec, context: RootContext): RootOperation[] {
  if (entry.kind !== 'directory' || spec.writable === false) return [readonlyEntry(entry)];
  const name = entry.path.slice(1);
  const [prepare, writes] = writableParts(name, spec, context, true);
  return [...prepare, overlay('root', entry.path, [entry.path], writes, context)];
}

function readonlyEntry(entry: HostEntry): RootOperation {
  if (entry.kind === 'link') return { op: 'symlink', path: entry.path, target: entry.target };
  return {
    op: 'bind',
    path: entry.path,
    source: entry.path,
    // A file that an upgrade replaces between our look and the mount is not there for a moment.
    flags: entry.kind === 'directory' ? ['create', 'recursive'] : ['create'],
    attributes: [...CONTAINED, 'readonly'],
  };
}

/** What has to be made first, and the overlay's upper and work directories for the part called `name`. */
function writableParts(
  name: string,
  spec: ContainerSpec,
  { staging, directories }: RootContext,
  memoryMounted = false,
): readonly [RootOperation[], WritableDirectories] {
  if (spec.writable !== 'tmpfs') {
    if (directories === undefined) throw new Error('no directories for the overlay');
    // The upper directory of /usr is `usr` of the root's own upper directory: together they are one tree of changes.
    const upper = name === 'root' ? directories.upper : `${directories.upper}/${name}`;
    return [[], { upper, work: `${directories.work}/${name}` }];
  }
  const upper = `${MEMORY}/upper-${name}`;
  const work = `${MEMORY}/work-${name}`;
  return [
    [
      ...(memoryMounted ? [] : [memoryFilesystem(MEMORY, undefined, spec)]),
      { op: 'mkdir', place: 'staging', path: upper, mode: 0o755 },
      { op: 'mkdir', place: 'staging', path: work, mode: 0o700 },
    ],
    { upper: `${staging}/${upper}`, work: `${staging}/${work}` },
  ];
}

function memoryFilesystem(
  path: string,
  context: RootContext | undefined,
  spec?: ContainerSpec,
): RootOperation {
  const bytes =
    context?.memoryBytes ?? (typeof spec?.limits.memoryBytes === 'number' ? spec.limits.memoryBytes : 0);
  return {
    op: 'mount',
    place: 'staging',
    path,
    flags: ['create'],
    type: 'tmpfs',
    source: 'root',
    attributes: CONTAINED,
    options: bytes > 0 ? { mode: '0755', size: String(bytes) } : { mode: '0755' },
  };
}

/** `lowerFirst` is ordered lowest first, as users write layers; overlayfs wants the topmost first. */
function overlay(
  place: 'root' | 'staging',
  path: string,
  lowerFirst: readonly string[],
  writes: WritableDirectories | undefined,
  { userAttributes }: RootContext,
): RootOperation {
  const lowerdir = lowerFirst.toReversed().map(escapeLower).join(':');
  return {
    op: 'mount',
    place,
    path,
    flags: place === 'root' ? ['create', 'no-symlinks'] : [],
    type: 'overlay',
    source: 'overlay',
    attributes: CONTAINED,
    options: {
      lowerdir,
      ...(writes === undefined
        ? {}
        : { upperdir: escapeUpper(writes.upper), workdir: escapeUpper(writes.work) }),
      ...(userAttributes ? { userxattr: '' } : {}),
    },
  };
}

/** `:` separates lower directories, `\` escapes (overlayfs.rst, "Multiple lower layers"). */
export function escapeLower(path: string): string {
  return path.replaceAll(/[\\:]/g, (character) => `\\${character}`);
}

function escapeUpper(path: string): string {
  return path.replaceAll('\\', '\\\\');
}
