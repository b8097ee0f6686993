import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { LimitName, ResolvedLimits } from 'containerv-api';
import { FileBatch } from '../file-batch.js';
import type { Native } from '../native.js';
import { directoryOf, type GroupDirectories } from './groups.js';
import { EarlierLimits } from './earlier-limits.js';
import { handDownTexts } from './hand-down.js';
import { controllersOf } from './hierarchy.js';
import type { LimitFile } from './limit-file.js';
import { limitFilesV1 } from './limit-files-v1.js';
import { limitFilesV2 } from './limit-files-v2.js';
import { LimitWriter, STEP } from './limit-writer.js';
import { moveProcesses } from './moved-processes.js';
import { inheritCpuset } from './plan-v1.js';
import { type HeldMemory, withHeldMemory } from './swap-v1.js';

/**
 * Sets the limits that `changes.explicit` names on a container that lives. All of them or none: when one is not taken,
 * what the others were is written back.
 * @returns which of them are held
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED`
 */
export async function updateLimits(
  native: Native,
  groups: GroupDirectories,
  asked: ResolvedLimits,
): Promise<Partial<Record<LimitName, boolean>>> {
  const changes = groups.unified === null ? withHeldMemory(asked, await heldMemory(native, groups)) : asked;
  const all = groups.unified === null ? limitFilesV1 : limitFilesV2;
  const files = all(changes, availableParallelism()).filter(({ limit }) => changes.explicit[limit]);
  if (groups.unified === null) await enterMissing(native, groups, files);
  const earlier = await EarlierLimits.read(native, groups, files);
  const writer = new LimitWriter(changes, files, (controller) => directoryOf(groups, controller));
  const batch = new FileBatch();
  if (groups.unified !== null) handDown(batch, groups.unified, files);
  for (const { controller, file, value } of files) {
    // v1 keeps memory below memory and swap together: raising both needs the sum to rise first, lowering them last.
    const directory = directoryOf(groups, controller);
    if (directory !== undefined && file === 'memory.memsw.limit_in_bytes')
      batch.add({ op: 'write', path: path.join(directory, file), text: value, optional: true });
  }
  writer.addTo(batch);
  await batch.run(native, STEP);
  try {
    return { ...lifted(changes), ...writer.held(batch) };
  } catch (error) {
    await earlier.restore();
    throw error;
  }
}

/** Lifted limits that this version writes nothing for. */
function lifted({ explicit }: ResolvedLimits): Partial<Record<LimitName, boolean>> {
  return Object.fromEntries(Object.entries(explicit).filter(([, asked]) => asked));
}

/** v2: a controller that no limit needed until now. */
function handDown(batch: FileBatch, group: string, files: readonly LimitFile[]): void {
  const parent = path.dirname(group);
  const above = path.dirname(parent);
  const texts = handDownTexts([...new Set(files.map((file) => file.controller))], controllersOf(above));
  for (const directory of [above, parent]) {
    const target = path.join(directory, 'cgroup.subtree_control');
    for (const text of texts) batch.add({ op: 'write', path: target, text, optional: true });
  }
}

/** v1: hierarchies that no limit needed until now are entered by all that is in the others. */
async function enterMissing(
  native: Native,
  groups: GroupDirectories,
  files: readonly LimitFile[],
): Promise<void> {
  const from = directoryOf(groups, 'pids') ?? directoryOf(groups, 'memory');
  for (const controller of ['cpuset', 'hugetlb']) {
    const to = groups.v1[controller];
    if (to === undefined || from === undefined || !files.some((file) => file.controller === controller))
      continue;
    const batch = new FileBatch();
    batch.add({ op: 'ensure-directory', path: path.dirname(to), mode: 0o755 });
    const made = batch.add({ op: 'mkdir', path: to, mode: 0o755, optional: true });
    if (controller === 'cpuset') inheritCpuset(batch, to);
    await batch.run(native, STEP);
    if (batch.result(made).done) await moveProcesses(native, STEP, { from, to, except: new Set() });
  }
}

async function heldMemory(native: Native, groups: GroupDirectories): Promise<HeldMemory> {
  const directory = directoryOf(groups, 'memory');
  if (directory === undefined) return { memory: '', both: '' };
  const batch = new FileBatch();
  const [memory, both] = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'].map((file) =>
    batch.add({ op: 'read', path: path.join(directory, file), optional: true }),
  ) as [number, number];
  await batch.run(native, STEP);
  return { memory: batch.result(memory).text, both: batch.result(both).text };
}
