import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type ByteSize,
  checkOptions,
  ContainervError,
  invalidOption,
  nearestName,
  parseByteSize,
} from 'containerv-api';
import { withFileErrors } from '../file-error.js';
import { openHcs } from '../hcs/open-hcs.js';
import { hostFacts } from '../host-facts.js';
import { type BaseDirectories, baseDirectories } from '../state/directories.js';
import type { VirtualDisks } from '../storage/virtual-disks.js';
import {
  checkVolumeName,
  isUnfinished,
  unfinishedFile,
  volumeDirectory,
  volumeFile,
  volumeNameOf,
} from './volume-file.js';

/** A disk of its own for data that outlives containers. */
export interface Volume {
  readonly name: string;
  /** What it takes on the host's disk now, which grows with what is written. */
  readonly usedBytes: number;
  readonly createdAt: Date;
  /** The VHDX file. */
  readonly path: string;
}

export interface CreateVolumeOptions {
  /** How much it may hold, at least 64 MiB. @defaultValue '20G' */
  readonly size?: ByteSize | undefined;
}

const DEFAULT_SIZE = '20G';
// NTFS and its partition take 16 MiB of it.
const LEAST_BYTES = 64 * 1024 ** 2;
const MOST_BYTES = 64 * 1024 ** 4;
const UNFINISHED_MS = 60 * 60 * 1000;
const MIB = 1024 ** 2;

/**
 * Makes a volume with an empty NTFS file system, for `windows.volumes` of containers.
 * @throws ContainervError `ERR_CONTAINERV_EXISTS`; `ERR_CONTAINERV_UNSUPPORTED` before build 17763.
 * @example
 * await createVolume('cache', { size: '10G' });
 * const container = await createContainer({ rootfs, windows: { volumes: [{ name: 'cache', target: '/cache' }] } });
 */
export async function createVolume(name: string, options: CreateVolumeOptions = {}): Promise<Volume> {
  const checked = checkVolumeName(name);
  checkOptions(options, 'options', ['size']);
  const bytes = parseByteSize(options.size ?? DEFAULT_SIZE, 'size');
  if (bytes < LEAST_BYTES || bytes > MOST_BYTES) throw invalidOption('size', 'from 64M to 64T', options.size);
  const disks = await openDisks();
  const base = baseDirectories();
  const file = volumeFile(base, checked);
  return withFileErrors('create volume', file, async () => make(disks, base, checked, bytes));
}

async function make(
  disks: VirtualDisks,
  base: BaseDirectories,
  checked: string,
  bytes: number,
): Promise<Volume> {
  const file = volumeFile(base, checked);
  await mkdir(volumeDirectory(base), { recursive: true });
  if (await exists(file)) throw existsAlready(checked, file);
  await sweepUnfinished(volumeDirectory(base));
  const unfinished = unfinishedFile(base, checked);
  await disks.create(unfinished, Math.ceil(bytes / MIB) * MIB, hostFacts().build);
  try {
    // Whoever comes second is told, which renaming would not.
    await link(unfinished, file);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? existsAlready(checked, file) : error;
  } finally {
    await rm(unfinished, { force: true });
  }
  return describe(checked, file);
}

/** By name. */
export async function listVolumes(): Promise<Volume[]> {
  const directory = volumeDirectory(baseDirectories());
  return withFileErrors('list volumes', directory, async () => {
    const volumes: Volume[] = [];
    for (const file of (await filesIn(directory)).sort((a, b) => a.localeCompare(b))) {
      const name = volumeNameOf(file);
      if (name !== undefined) volumes.push(await describe(name, path.join(directory, file)));
    }
    return volumes;
  });
}

async function filesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Removes a volume with everything that is on it.
 * @throws ContainervError `ERR_CONTAINERV_NOT_FOUND`; `ERR_CONTAINERV_STATE` while a container has it.
 */
export async function removeVolume(name: string): Promise<void> {
  const file = await existing(name);
  try {
    await rm(file);
  } catch (error) {
    throw inUse(name, file, error);
  }
}

/**
 * Makes the file system of a volume anew, and ends everything that is on it.
 * @throws ContainervError as {@link removeVolume}
 */
export async function formatVolume(name: string): Promise<void> {
  const disks = await openDisks();
  const file = await existing(name);
  try {
    await disks.format(file, hostFacts().build);
  } catch (error) {
    throw inUse(name, file, error);
  }
}

/** The file of a volume that is there. @throws ContainervError `ERR_CONTAINERV_NOT_FOUND` */
export async function existing(name: string, option?: string): Promise<string> {
  const file = volumeFile(baseDirectories(), checkVolumeName(name, option));
  if (await exists(file)) return file;
  const nearest = nearestName(
    name,
    (await listVolumes()).map((volume) => volume.name),
  );
  throw new ContainervError('ERR_CONTAINERV_NOT_FOUND', `There is no volume '${name}'`, {
    step: 'find volume',
    path: file,
    hint: nearest === undefined ? 'Make it: createVolume().' : `Did you mean '${nearest}'?`,
  });
}

/** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` */
export async function openDisks(): Promise<VirtualDisks> {
  const { disks } = await openHcs();
  if (disks !== undefined) return disks;
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'This build of Windows cannot format volumes', {
    step: 'load driver',
    path: 'computestorage.dll',
    hint: 'It needs build 17763 (Windows Server 2019) or newer.',
  });
}

/** What programs that were killed had begun. Nobody takes so long who lives. */
async function sweepUnfinished(directory: string): Promise<void> {
  for (const name of (await filesIn(directory)).filter(isUnfinished)) {
    const file = path.join(directory, name);
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    // One that cannot be removed is no reason not to make another.
    if (age > UNFINISHED_MS) await rm(file, { force: true }).catch(() => {});
  }
}

async function describe(name: string, file: string): Promise<Volume> {
  const { size, birthtime } = await stat(file);
  return { name, usedBytes: size, createdAt: birthtime, path: file };
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

const SHARING_VIOLATION = 0x8007_0020;

function inUse(name: string, file: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const shared = error instanceof ContainervError && error.hresult === SHARING_VIOLATION;
  if (!shared && !['EBUSY', 'EPERM', 'EACCES'].includes(code)) return error;
  return new ContainervError('ERR_CONTAINERV_STATE', `Volume '${name}' is in use`, {
    step: 'open volume',
    path: file,
    hint: 'Stop the container that has it.',
    cause: error,
  });
}

function existsAlready(name: string, file: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_EXISTS', `There is a volume '${name}' already`, {
    step: 'create volume',
    path: file,
    hint: 'Choose another name, or remove it: removeVolume().',
  });
}
