import type { Native } from './native.js';
import { removeCgroupDirectories } from './cgroup/cgroup.js';

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
    removeCgroupDirectories(cgroups),
    dataDirectory === null ? undefined : native.removeTree(dataDirectory),
  ]);
  await native.removeTree(stateDirectory);
  return [...cgroups, ...(dataDirectory === null ? [] : [dataDirectory]), stateDirectory];
}
