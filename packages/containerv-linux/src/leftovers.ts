import { FileBatch } from './file-batch.js';
import type { Native } from './native.js';
import { systemError } from './system-error.js';

/** Everything outside of the kernel's own bookkeeping that a container leaves when its processes are gone. */
export interface Leftovers {
  readonly cgroups: readonly string[];
  readonly dataDirectory: string | null;
  readonly stateDirectory: string;
}

/** Removes it, the state directory last: as long as that is there, somebody can try again. Returns what was there. */
export async function removeLeftovers(native: Native, leftovers: Leftovers): Promise<string[]> {
  const { cgroups, dataDirectory, stateDirectory } = leftovers;
  await Promise.all([
    remove(native, cgroups, 'rmdir'),
    dataDirectory === null ? undefined : remove(native, [dataDirectory], 'remove-tree'),
  ]);
  await remove(native, [stateDirectory], 'remove-tree');
  return [...cgroups, ...(dataDirectory === null ? [] : [dataDirectory]), stateDirectory];
}

async function remove(native: Native, paths: readonly string[], op: 'rmdir' | 'remove-tree'): Promise<void> {
  if (paths.length === 0) return;
  const batch = new FileBatch();
  for (const path of paths) batch.add({ op, path });
  const failure = await batch.run(native, 'remove container');
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot remove' });
}
