import { lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { ContainervError } from 'containerv-api';
import { ETC_ENTRIES, PACKAGE_STORES, SYSTEM_DIRECTORIES } from './host-root.js';

/** One path of the host that `rootfs: 'host'` shows: what it is, and where a link leads. */
export type HostEntry =
  /** `covered`: something is mounted below it. */
  | { readonly path: string; readonly kind: 'directory'; readonly covered: boolean }
  | { readonly path: string; readonly kind: 'file' }
  | { readonly path: string; readonly kind: 'link'; readonly target: string };

export interface HostView {
  readonly system: readonly HostEntry[];
  readonly stores: readonly HostEntry[];
  readonly etc: readonly HostEntry[];
  /** What layers above have of a system directory, lowest first, by its path. */
  readonly changed?: ReadonlyMap<string, readonly LayerPart[]>;
}

interface LayerPart {
  readonly layer: string;
  /** Such as `/usr`. */
  readonly path: string;
}

/** Looks at the host's own system directories. A few dozen lstat(2) calls on directories that are always cached. */
export function viewHost(layers: readonly string[] = []): HostView {
  const system = look(SYSTEM_DIRECTORIES.map((name) => `/${name}`));
  return {
    ...(layers.length === 0 ? {} : { changed: changedParts(system, layers) }),
    system,
    stores: look(PACKAGE_STORES),
    etc: look(ETC_ENTRIES.flatMap(({ names }) => names.map((name) => `/etc/${name}`))),
  };
}

function changedParts(system: readonly HostEntry[], layers: readonly string[]): Map<string, LayerPart[]> {
  return new Map(
    system.map(({ path, kind }): [string, LayerPart[]] => {
      const parts = layers.flatMap((layer): LayerPart[] => {
        const found = lstatSync(layer + path, { throwIfNoEntry: false });
        if (found === undefined) return [];
        if (kind === 'directory' && found.isDirectory()) return [{ layer, path }];
        throw new ContainervError('ERR_CONTAINERV_LAYER', `The layer cannot lie on this host's ${path}:`, {
          step: 'compose root',
          path: layer + path,
          hint: "It was made on another system. Add a layer of type 'directory' or 'image' below it.",
        });
      });
      return [path, parts];
    }),
  );
}

function look(paths: readonly string[]): HostEntry[] {
  return paths.flatMap((path): HostEntry[] => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    if (found.isSymbolicLink()) return [{ path, kind: 'link', target: readlinkSync(path) }];
    if (found.isDirectory()) {
      return [
        { path, kind: 'directory', covered: mountPoints().some((point) => point.startsWith(`${path}/`)) },
      ];
    }
    return found.isFile() ? [{ path, kind: 'file' }] : [];
  });
}

let mounts: readonly string[] | undefined;

/** Read once: what is mounted below system directories does not come and go, and reading it takes longer than a look. */
function mountPoints(): readonly string[] {
  mounts ??= readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return mounts;
}

const parents = new Map<string, boolean>();

/**
 * Whether a path is, as it is spelled, in the file system that is mounted at `/`, and nothing is mounted at it or on the
 * way. Looked up once for the directory that it is in.
 */
export function onRootMount(path: string): boolean {
  const parent = dirname(path);
  let plain = parents.get(parent);
  if (plain === undefined) {
    plain = realpathSync(parent) === parent;
    parents.set(parent, plain);
  }
  return plain && !mountPoints().some((point) => point.length > 1 && `${path}/`.startsWith(`${point}/`));
}

/**
 * Whether a system directory can have a writable overlay. In a user namespace the kernel does not let a mount be cloned
 * without what covers parts of it (mount_namespaces(7), "locked"), which overlayfs would have to.
 */
export function takesOverlay(entry: HostEntry, userNamespace: boolean): boolean {
  return entry.kind === 'directory' && !(userNamespace && entry.covered);
}
