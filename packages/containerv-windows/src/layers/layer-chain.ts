import { layerError } from './layer-error.js';
import { kindOf, type LayerFileSystem, textOf } from './layer-file-system.js';
import { orderLayers } from './layer-order.js';
import { findUtilityVm } from './utility-vm.js';
import { baseName, canonicalPath, isFullPath, joinPath, samePathKey } from './windows-path.js';

/** The read-only layers under a windowsfilter folder. */
export interface LayerChain {
  /** Layer folders, topmost parent first, base last; without the folder itself. */
  readonly layers: readonly string[];
  /** Whether the folder is a layer itself, on top of `layers`, rather than only a container's writable one. */
  readonly isLayer: boolean;
  /** The utility virtual machine for Hyper-V isolation; `undefined`: none of the layers has one. */
  readonly utilityVmPath: string | undefined;
}

export interface LayerChainOptions {
  /** Instead of what the folder's `layerchain.json` says. */
  readonly parentLayers?: readonly string[] | undefined;
  /** Instead of the one that the layers have. */
  readonly utilityVmPath?: string | undefined;
}

// layerchain.json is data of whoever made the image: bounded before it is trusted with memory and time.
const MAX_LAYERS = 256;
const MAX_CHAIN_CHARACTERS = 1024 * 1024;

/**
 * Reads `layerchain.json` of a windowsfilter folder, and of every parent in turn, into one list.
 *
 * A complete chain, as Docker writes it, and a nested one, in which every layer knows only its own parents, give the
 * same list; a layer that is listed twice, in whatever spelling, is in it once. An entry that is not where it says is
 * looked for beside the file that lists it and in its `parents` folder, so that an image can be moved as a whole.
 *
 * @throws ContainervError `ERR_CONTAINERV_LAYER` for a chain that cannot be read, is missing, leads in a circle, or holds
 * something that is not a layer, and for a utility virtual machine that is asked for and is none.
 */
export async function resolveLayerChain(
  folder: string,
  fs: LayerFileSystem,
  options: LayerChainOptions = {},
): Promise<LayerChain> {
  const top = canonicalPath(folder);
  if ((await kindOf(fs, top)) !== 'directory') throw layerError('The layer folder does not exist', top);
  const walk = new ChainWalk(fs);
  await walk.visit(top, options.parentLayers);
  const layers = orderLayers(samePathKey(top), walk.parents).map((key) => walk.path(key));
  for (const layer of layers) {
    if (!(await isLayerFolder(fs, layer))) {
      throw layerError(
        'This is not a layer',
        layer,
        'A layer folder holds Files, or layer.vhd or layer.vhdx.',
      );
    }
  }
  const isLayer = await isLayerFolder(fs, top);
  if (layers.length === 0 && !isLayer) {
    throw layerError(
      'The folder has neither parent layers nor content of its own',
      top,
      'Give `rootfs` a windowsfilter folder with layerchain.json, or set `windows.parentLayers`.',
    );
  }
  const searched = isLayer ? [top, ...layers] : layers;
  return { layers, isLayer, utilityVmPath: await findUtilityVm(searched, fs, options.utilityVmPath) };
}

/** Follows chains from layer to layer; every layer is read once. */
class ChainWalk {
  /** The chain of each layer, nearest parent first, by key. */
  readonly parents: Map<string, readonly string[]> = new Map();
  readonly #paths = new Map<string, string>();
  readonly #fs: LayerFileSystem;

  constructor(fs: LayerFileSystem) {
    this.#fs = fs;
  }

  path(key: string): string {
    return this.#paths.get(key) ?? key;
  }

  async visit(folder: string, given: readonly string[] | undefined): Promise<void> {
    const key = samePathKey(folder);
    if (this.parents.has(key)) return;
    this.#paths.set(key, folder);
    // Set before the parents are followed, so that a circle ends here; orderLayers tells it.
    this.parents.set(key, []);
    if (this.parents.size > MAX_LAYERS) {
      throw layerError(`There are more than ${MAX_LAYERS} layers`, folder);
    }
    const entries = given ?? (await readChain(this.#fs, folder));
    const found: string[] = [];
    for (const entry of entries) found.push(await locate(this.#fs, folder, entry));
    this.parents.set(key, [...new Set(found.map((path) => samePathKey(path)))]);
    for (const path of found) await this.visit(path, undefined);
  }
}

/** No file, `null` and an empty list all mean a base layer. */
async function readChain(fs: LayerFileSystem, folder: string): Promise<readonly string[]> {
  const file = joinPath(folder, 'layerchain.json');
  const text = await textOf(fs, file);
  if (text === undefined) return [];
  if (text.length > MAX_CHAIN_CHARACTERS) throw layerError('layerchain.json is too large', file);
  let chain: unknown;
  try {
    // Windows tools write a byte order mark, which JSON does not have.
    chain = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw layerError('layerchain.json is not JSON', file, 'Import the image again.', cause);
  }
  if (chain === null) return [];
  if (Array.isArray(chain) && chain.every(isEntry)) return chain;
  throw layerError('layerchain.json is not a list of paths', file, 'Import the image again.');
}

function isEntry(entry: unknown): entry is string {
  return typeof entry === 'string' && entry.trim() !== '' && !entry.includes('\0');
}

async function locate(fs: LayerFileSystem, owner: string, entry: string): Promise<string> {
  const candidates = [
    ...(isFullPath(entry) ? [canonicalPath(entry)] : [joinPath(owner, canonicalPath(entry))]),
    joinPath(owner, baseName(entry)),
    joinPath(owner, 'parents', baseName(entry)),
  ];
  for (const candidate of candidates) {
    if ((await kindOf(fs, candidate)) === 'directory') return canonicalPath(candidate);
  }
  throw layerError(
    `The parent layer '${entry}' of '${owner}' does not exist`,
    candidates[0] ?? entry,
    'Import the image again, or set `windows.parentLayers`.',
  );
}

async function isLayerFolder(fs: LayerFileSystem, folder: string): Promise<boolean> {
  if ((await kindOf(fs, joinPath(folder, 'Files'))) === 'directory') return true;
  for (const disk of ['layer.vhd', 'layer.vhdx']) {
    if ((await kindOf(fs, joinPath(folder, disk))) === 'file') return true;
  }
  return false;
}
