import { promises as files } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { win32 } from 'node:path';
import { ContainervError, type ContainerSpec, type UndoStack } from 'containerv-api';
import { storageMismatch } from '../documents/storage-mismatch.js';
import type { Guest } from '../documents/guest.js';
import { resolveLayerChain } from '../layers/layer-chain.js';
import { layerError } from '../layers/layer-error.js';
import { kindOf } from '../layers/layer-file-system.js';
import { canonicalPath, samePathKey } from '../layers/windows-path.js';
import { resolveUvmImage } from '../lcow/uvm-image.js';
import type { LayerReference } from '../windows-host.js';
import type { Layer, LayerStorage } from './layer-storage.js';

/** What a container's root is made from: found, and nothing made of it yet. */
export type FoundStorage =
  | {
      readonly kind: 'windowsfilter';
      /** Topmost first, base last. */
      readonly layers: readonly string[];
      readonly utilityVmPath: string | undefined;
    }
  | {
      readonly kind: 'linux';
      readonly rootfsPath: string;
      readonly kernelPath: string;
      readonly initrdPath: string;
    };

/** What a container has on the disk from its creation to its destruction, running or not. */
export type PreparedStorage =
  | {
      readonly kind: 'windowsfilter';
      readonly layers: readonly LayerReference[];
      readonly utilityVmPath?: string | undefined;
    }
  | Extract<FoundStorage, { kind: 'linux' }>;

/** The container's own writable layer, below its data directory. */
export function scratchOf(dataDirectory: string): string {
  return win32.join(dataDirectory, 'scratch');
}

/** The directory that host and container share for transfers. */
export function stagingOf(dataDirectory: string): string {
  return win32.join(dataDirectory, 'staging');
}

/** The disk of its virtual machine. */
export function machineDiskOf(dataDirectory: string): string {
  return win32.join(dataDirectory, 'machine', 'sandbox.vhdx');
}

/**
 * Reads layer chains and looks for what the isolation needs; touches nothing.
 * @throws ContainervError `ERR_CONTAINERV_LAYER`, `_NOT_FOUND`, `_INVALID_OPTION`
 */
export async function findStorage(spec: ContainerSpec, guest: Guest): Promise<FoundStorage> {
  if (guest.os === 'linux') return findLinuxRoot(spec);
  const [top, ...rest] = layerFolders(spec);
  if (top === undefined) throw storageMismatch('layers');
  const { parentLayers, utilityVmPath } = spec.windows ?? {};
  const chain = await resolveLayerChain(top, files, {
    utilityVmPath,
    parentLayers: rest.length === 0 ? parentLayers : [...rest, ...(parentLayers ?? [])],
  });
  if (guest.isolation === 'hyperv' && chain.utilityVmPath === undefined) {
    throw storageMismatch('a utility virtual machine');
  }
  const layers = chain.isLayer ? [canonicalPath(top), ...chain.layers] : chain.layers;
  return {
    kind: 'windowsfilter',
    layers,
    utilityVmPath: guest.isolation === 'hyperv' ? chain.utilityVmPath : undefined,
  };
}

/** Topmost first. */
function layerFolders({ root }: ContainerSpec): readonly string[] {
  if (root.kind === 'directory') return [root.path];
  if (root.kind === 'host') return [];
  return root.layers
    .filter(({ type }) => type === 'directory')
    .map(({ source }) => source)
    .toReversed();
}

async function findLinuxRoot(spec: ContainerSpec): Promise<FoundStorage> {
  if (spec.root.kind !== 'directory') throw storageMismatch('a root directory');
  const rootfsPath = canonicalPath(spec.root.path);
  if ((await kindOf(files, rootfsPath)) !== 'directory') {
    throw layerError('The root directory does not exist', rootfsPath);
  }
  const lcow = spec.windows?.lcow;
  if (lcow === undefined) {
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_OPTION',
      'A Linux container on Windows needs a virtual machine, and `windows.lcow` is not set',
      { hint: 'Set `windows.lcow.uvmImagePath`, or CHEF_LCOW_UVM_IMAGE_PATH.' },
    );
  }
  return { kind: 'linux', rootfsPath, ...(await resolveUvmImage(lcow, files)) };
}

/** Makes the directory for transfers, the writable layer and the machine's disk. Each step that was done is on `undo`. */
export async function prepareStorage(
  storage: LayerStorage,
  found: FoundStorage,
  guest: Guest,
  dataDirectory: string,
  undo: UndoStack,
): Promise<PreparedStorage> {
  const layers = found.kind === 'linux' ? [] : await identifyAll(storage, found.layers);
  // Whoever has the id finds what somebody else has left under it.
  await removeStorage(storage, dataDirectory);
  await mkdir(dataDirectory);
  undo.push(async () => removeStorage(storage, dataDirectory));
  await mkdir(stagingOf(dataDirectory));
  if (found.kind === 'linux') return found;
  const scratch = scratchOf(dataDirectory);
  await mkdir(scratch);
  await storage.createScratch(scratch, layers);
  if (guest.isolation === 'hyperv' && guest.schema === 'v2') {
    await copyMachineDisk(found.utilityVmPath ?? '', machineDiskOf(dataDirectory));
  }
  return {
    kind: 'windowsfilter',
    layers: layers.map(({ id, path }) => ({ id, path })),
    utilityVmPath: found.utilityVmPath,
  };
}

/** Everything that a container has on the disk. */
const OWN_ENTRIES: ReadonlySet<string> = new Set(['export', 'logs', 'machine', 'scratch', 'staging']);

/**
 * What a directory below the data directory is: one that somebody else has put there, or that `CONTAINERV_DATA_DIR` was
 * set to by mistake, must not be taken for a container's.
 */
export async function contentOf(directory: string): Promise<'missing' | 'empty' | 'own' | 'foreign'> {
  let names: string[];
  try {
    names = await files.readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'missing';
    throw error;
  }
  if (names.length === 0) return 'empty';
  return names.every((name) => OWN_ENTRIES.has(name)) ? 'own' : 'foreign';
}

/**
 * Removes a container's data directory, which nothing uses any more.
 * @throws ContainervError `ERR_CONTAINERV_EXISTS` for one that holds anything that containers do not make
 */
export async function removeStorage(storage: LayerStorage, dataDirectory: string): Promise<void> {
  const content = await contentOf(dataDirectory);
  if (content === 'missing') return;
  if (content === 'foreign') {
    throw new ContainervError('ERR_CONTAINERV_EXISTS', 'The directory is not one of a container', {
      step: 'remove layers',
      path: dataDirectory,
      hint: 'Move what is in it elsewhere, or choose another place with CONTAINERV_DATA_DIR.',
    });
  }
  const scratch = scratchOf(dataDirectory);
  if ((await kindOf(files, scratch)) === 'directory') await storage.destroy(scratch);
  await rm(dataDirectory, { recursive: true, force: true });
}

/** Layers as the filter driver takes them. @throws ContainervError `ERR_CONTAINERV_LAYER` */
export async function identifyAll(storage: LayerStorage, folders: readonly string[]): Promise<Layer[]> {
  const layers: Layer[] = [];
  const seen = new Map<string, string>();
  for (const folder of folders) {
    const layer = await storage.identify(folder);
    const same = seen.get(layer.id);
    // Ids come from names alone, and the filter driver tells layers apart by them.
    if (same !== undefined && same !== samePathKey(folder)) {
      throw layerError('Two layers have folders of the same name', folder, 'Rename one of the folders.');
    }
    seen.set(layer.id, samePathKey(folder));
    layers.push(layer);
  }
  return layers;
}

async function copyMachineDisk(utilityVmPath: string, target: string): Promise<void> {
  const template = win32.join(utilityVmPath, 'SystemTemplate.vhdx');
  await mkdir(win32.dirname(target));
  try {
    await copyFile(template, target);
  } catch (error) {
    throw layerError(
      'The disk of the utility virtual machine cannot be copied',
      template,
      'Import the image again, or set `windows.utilityVmPath`.',
      error,
    );
  }
}
