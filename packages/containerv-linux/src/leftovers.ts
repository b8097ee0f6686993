import { FileBatch } from './file-batch.js';
import { emptyAsOwner, isOthersFile } from './layers/remove-as-owner.js';
import type { FileResults, Native } from './native.js';
import { systemError } from './system-error.js';

/** Everything outside of the kernel's own bookkeeping that a container leaves when its processes are gone. */
export interface Leftovers {
  readonly cgroups: readonly string[];
  readonly dataDirectory: string | null;
  /** Where others on its network write names. */
  readonly networkDirectory: string | null;
  readonly stateDirectory: string;
}

const STEP = 'remove container';

/** The state directory goes last: as long as it is there, somebody can try again. */
export function removalSteps({
  cgroups,
  dataDirectory,
  networkDirectory,
  stateDirectory,
}: Leftovers): FileBatch {
  const batch = new FileBatch();
  for (const path of cgroups) batch.add({ op: 'rmdir', path });
  if (dataDirectory !== null) batch.add({ op: 'remove-tree', path: dataDirectory });
  if (networkDirectory !== null) batch.add({ op: 'remove-tree', path: networkDirectory });
  batch.add({ op: 'remove-claim', path: stateDirectory });
  return batch;
}

/**
 * Takes what came of the steps, and does again as their owner what was not ours to remove.
 * @throws ContainervError when something could not be removed
 */
export async function finishRemoval(native: Native, batch: FileBatch, results: FileResults): Promise<void> {
  let failure = batch.settle(results, STEP);
  if (failure?.path !== undefined && isOthersFile(failure)) {
    await emptyAsOwner(native, failure.path);
    failure = await batch.run(native, STEP);
  }
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot remove' });
}

/** Removes it. Returns what was there. */
export async function removeLeftovers(native: Native, leftovers: Leftovers): Promise<string[]> {
  const batch = removalSteps(leftovers);
  await finishRemoval(native, batch, await native.files(batch.encoded));
  return batch.steps.map(({ path }) => path);
}
