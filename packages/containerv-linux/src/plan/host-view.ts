import { lstatSync, readlinkSync } from 'node:fs';
import { ETC_ENTRIES, PACKAGE_STORES, SYSTEM_DIRECTORIES } from './host-root.js';

/** One path of the host that `rootfs: 'host'` shows: what it is, and where a link leads. */
export type HostEntry =
  | { readonly path: string; readonly kind: 'directory' | 'file' }
  | { readonly path: string; readonly kind: 'link'; readonly target: string };

export interface HostView {
  readonly system: readonly HostEntry[];
  readonly stores: readonly HostEntry[];
  readonly etc: readonly HostEntry[];
}

/** Looks at the host's own system directories. A few dozen lstat(2) calls on directories that are always cached. */
export function viewHost(): HostView {
  return {
    system: look(SYSTEM_DIRECTORIES.map((name) => `/${name}`)),
    stores: look(PACKAGE_STORES),
    etc: look(ETC_ENTRIES.flatMap(({ names }) => names.map((name) => `/etc/${name}`))),
  };
}

function look(paths: readonly string[]): HostEntry[] {
  return paths.flatMap((path): HostEntry[] => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    if (found.isSymbolicLink()) return [{ path, kind: 'link', target: readlinkSync(path) }];
    if (found.isDirectory()) return [{ path, kind: 'directory' }];
    return found.isFile() ? [{ path, kind: 'file' }] : [];
  });
}
