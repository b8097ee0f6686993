import { availableParallelism } from 'node:os';
import { type FileHandle, mkdir, open, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ContainervError, type Enforced, type LimitName, type ResolvedLimits } from 'containerv-api';
import { type CgroupHierarchies, readHierarchies } from './hierarchy.js';
import { type LimitFile, limitFilesV1, limitFilesV2 } from './limit-files.js';

const PARENT = 'containerv';

/** The control groups of one container. */
export interface Cgroup {
  readonly version: Enforced['cgroup'];
  /** Directories, innermost of the container's own. */
  readonly directories: readonly string[];
  /** Which limits the kernel holds, read back. */
  readonly limits: Readonly<Partial<Record<LimitName, boolean>>>;
  /** v2: an open directory for init to be born in. */
  readonly handle: FileHandle | undefined;
  /** v1: files that take init's pid. */
  readonly procs: readonly string[];
  /** Where the kernel counts what it killed for memory. */
  readonly oomFile: string | undefined;
}

export const NO_CGROUP: Cgroup = {
  version: false,
  directories: [],
  limits: {},
  handle: undefined,
  procs: [],
  oomFile: undefined,
};

/**
 * Makes the container's groups and sets its limits.
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when a limit that the caller asked for cannot be held; defaults
 * that cannot are told in `limits`.
 */
export async function createCgroup(id: string, limits: ResolvedLimits): Promise<Cgroup> {
  if (limits.io !== undefined) {
    throw unsupported('io', 'Block device limits are not available in this version of containerv-linux.');
  }
  const hierarchies = readHierarchies();
  const made: string[] = [];
  try {
    return isUnified(hierarchies)
      ? await createV2(id, limits, hierarchies, made)
      : await createV1(id, limits, hierarchies, made);
  } catch (error) {
    await removeCgroupDirectories(made);
    throw error;
  }
}

/** Every directory that {@link createCgroup} may make, known before it does, for whoever has to clean up. */
export function cgroupDirectories(id: string, limits: ResolvedLimits): string[] {
  const hierarchies = readHierarchies();
  if (isUnified(hierarchies)) return [path.join(hierarchies.v2.mount, PARENT, id)];
  return [...new Set(directoriesV1(id, limits, hierarchies).values())];
}

type Unified = CgroupHierarchies & { readonly v2: NonNullable<CgroupHierarchies['v2']> };

function isUnified(hierarchies: CgroupHierarchies): hierarchies is Unified {
  return hierarchies.v2?.controllers.includes('memory') === true;
}

/** By controller; controllers that are mounted together share one. Below our own group: a limit on us holds for them. */
function directoriesV1(id: string, limits: ResolvedLimits, { v1 }: CgroupHierarchies): Map<string, string> {
  const directories = new Map<string, string>();
  for (const { controller } of limitFilesV1(limits, availableParallelism())) {
    const own = v1.get(controller);
    if (own !== undefined) directories.set(controller, path.join(own, PARENT, id));
  }
  return directories;
}

async function createV2(
  id: string,
  limits: ResolvedLimits,
  { v2 }: Unified,
  made: string[],
): Promise<Cgroup> {
  const parent = path.join(v2.mount, PARENT);
  const directory = path.join(parent, id);
  const files = limitFilesV2(limits, availableParallelism());
  try {
    await mkdir(parent, { recursive: true });
    const wanted = [...new Set(files.map(({ controller }) => controller))].filter((name) =>
      v2.controllers.includes(name),
    );
    for (const group of [v2.mount, parent]) await enableControllers(group, wanted);
    await mkdir(directory);
  } catch (error) {
    return refused(error, limits, files);
  }
  made.push(directory);
  const held = await writeLimits(files, limits, () => directory);
  return {
    version: 'v2',
    directories: [directory],
    limits: held,
    handle: await open(directory, 'r'),
    procs: [],
    oomFile: path.join(directory, 'memory.events'),
  };
}

async function enableControllers(group: string, wanted: readonly string[]): Promise<void> {
  const file = path.join(group, 'cgroup.subtree_control');
  const enabled = (await readFile(file, 'utf8')).trim().split(' ');
  const missing = wanted.filter((name) => !enabled.includes(name));
  if (missing.length > 0) await writeFile(file, missing.map((name) => `+${name}`).join(' '));
}

async function createV1(
  id: string,
  limits: ResolvedLimits,
  hierarchies: CgroupHierarchies,
  made: string[],
): Promise<Cgroup> {
  const files = limitFilesV1(limits, availableParallelism());
  const directories = directoriesV1(id, limits, hierarchies);
  if (directories.size === 0) return refused(undefined, limits, files);
  const distinct = [...new Set(directories.values())];
  try {
    for (const directory of distinct) {
      await mkdir(path.dirname(directory), { recursive: true });
      await mkdir(directory);
      made.push(directory);
    }
  } catch (error) {
    await removeCgroupDirectories(made.splice(0));
    return refused(error, limits, files);
  }
  const cpuset = directories.get('cpuset');
  if (cpuset !== undefined) await inheritCpuset(cpuset);
  const held = await writeLimits(files, limits, (controller) => directories.get(controller));
  const memory = directories.get('memory');
  return {
    version: hierarchies.v2 === undefined ? 'v1' : 'hybrid',
    directories: distinct,
    limits: held,
    handle: undefined,
    procs: distinct.map((directory) => path.join(directory, 'cgroup.procs')),
    oomFile: memory === undefined ? undefined : path.join(memory, 'memory.oom_control'),
  };
}

/** A new v1 cpuset is empty and takes no process until it has processors and memory nodes (cpusets.rst). */
async function inheritCpuset(directory: string): Promise<void> {
  const parent = path.dirname(directory);
  for (const group of [parent, directory]) {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const present = (await readFile(path.join(group, file), 'utf8')).trim();
      if (present !== '') continue;
      await writeFile(path.join(group, file), await readFile(path.join(path.dirname(group), file), 'utf8'));
    }
  }
}

async function writeLimits(
  files: readonly LimitFile[],
  limits: ResolvedLimits,
  directoryOf: (controller: string) => string | undefined,
): Promise<Partial<Record<LimitName, boolean>>> {
  const held: Partial<Record<LimitName, boolean>> = {};
  for (const { limit, controller, file, value, holds } of files) {
    const directory = directoryOf(controller);
    let failure: unknown;
    let holding = false;
    if (directory !== undefined) {
      try {
        await writeFile(path.join(directory, file), value);
        holding = holds(await readFile(path.join(directory, file), 'utf8'));
      } catch (error) {
        failure = error;
      }
    }
    if (!holding && limits.explicit[limit]) {
      throw unsupported(limit, `The kernel did not take ${file} = ${value}.`, failure);
    }
    held[limit] = holding && held[limit] !== false;
  }
  for (const limit of ['memory', 'pids'] as const) {
    if (limits[limit === 'memory' ? 'memoryBytes' : 'pids'] === 'max') held[limit] = true;
  }
  return held;
}

/** No group at all: fine for defaults, an error for anything asked for. */
function refused(cause: unknown, limits: ResolvedLimits, files: readonly LimitFile[]): Cgroup {
  const isLimit = ({ limit }: LimitFile): boolean =>
    limits.explicit[limit] &&
    !(limit === 'memory' && limits.memoryBytes === 'max') &&
    !(limit === 'pids' && limits.pids === 'max');
  const asked = files.find(isLimit);
  if (asked !== undefined) throw unsupported(asked.limit, noGroupHint(cause), cause);
  return { ...NO_CGROUP, limits: Object.fromEntries(files.map(({ limit }) => [limit, false])) };
}

function noGroupHint(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return 'This user may not make control groups here. Run as root, or have a group delegated: containerv doctor says how.';
  }
  return 'This machine has no control group hierarchy with that controller. See: containerv doctor';
}

function unsupported(limit: LimitName, hint: string, cause?: unknown): ContainervError {
  const details = { step: 'set limits', hint };
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `The limit \`${limit}\` cannot be enforced`,
    cause === undefined ? details : { ...details, cause },
  );
}

/** Groups that are gone already are fine. */
export async function removeCgroupDirectories(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    try {
      await rmdir(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** How many processes the kernel killed for memory in this group so far; 0 where nobody counts. */
export async function readOomKills(cgroup: Pick<Cgroup, 'oomFile'>): Promise<number> {
  if (cgroup.oomFile === undefined) return 0;
  const text = await readFile(cgroup.oomFile, 'utf8').catch(() => '');
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
