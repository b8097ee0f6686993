import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Change } from 'containerv-api';
import { readTombstones } from './tombstones.js';

/** Beside each directory, a file with what there is to say about it. */
const DIRECTORY_METADATA = '.$wcidirs$';
/** hcsshim leaves it out as well: names of deleted files in it need not be Unicode. */
const RECYCLE_BIN = '$recycle.bin';

/**
 * What a layer changes, from the folder that ExportLayer made of it. Directories that were there before are not in it: the
 * folder has all that lead to something. Changes of the registry are in files of their own, and are none of these.
 *
 * @param parents layer folders, topmost first
 */
export async function layerChanges(folder: string, parents: readonly string[]): Promise<Change[]> {
  const changes = new Map<string, Change>();
  for (const relative of await readTombstones(folder)) {
    changes.set(relative.toUpperCase(), { path: `/${relative}`, kind: 'deleted' });
  }
  const visit = async (relative: string): Promise<void> => {
    const entries = await readdir(path.join(folder, 'Files', relative), { withFileTypes: true });
    for (const entry of entries) {
      const inside = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.name.endsWith(DIRECTORY_METADATA) || inside.toLowerCase() === RECYCLE_BIN) continue;
      const before = await isBelow(parents, inside);
      const kind = before ? 'modified' : 'added';
      if (!entry.isDirectory() || !before) {
        changes.set(inside.toUpperCase(), { path: `/${inside}`, kind });
      }
      if (entry.isDirectory()) await visit(inside);
    }
  };
  await visit('');
  return [...changes.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function isBelow(parents: readonly string[], relative: string): Promise<boolean> {
  for (const parent of parents) {
    const found = await lstat(path.join(parent, 'Files', relative)).catch(() => undefined);
    if (found !== undefined) return true;
  }
  return false;
}
