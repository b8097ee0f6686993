import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ContainervError, type Layer as LayerOption } from 'containerv-api';
import type { Layer, LayerStorage } from '../storage/layer-storage.js';
import { removeTombstones } from './transport/remove-tombstones.js';

export interface FolderImport {
  /** As ExportLayer makes it, without its tombstones. */
  readonly folder: string;
  /** What the layer removes, below `Files`. */
  readonly tombstones: readonly string[];
  /** Topmost first. */
  readonly layers: readonly Layer[];
  /** Of who makes it: a layer that somebody was killed over is removed by the next of the same. */
  readonly tag: string;
  /** What else is to be done to the layer before it is there. */
  readonly finish?: (layer: string) => Promise<void>;
}

/** Makes a layer at `target`, which is there whole or not at all. */
export async function importFolder(
  storage: LayerStorage,
  target: string,
  { folder, tombstones, layers, tag, finish }: FolderImport,
): Promise<LayerOption> {
  await refuseExisting(target);
  const staging = path.join(path.dirname(target), `.${path.basename(target)}.containerv-${tag}`);
  if (await exists(staging)) await storage.destroy(staging);
  await mkdir(staging);
  try {
    await storage.importLayer(staging, folder, layers);
    await removeTombstones(staging, tombstones);
    await finish?.(staging);
    const chain = layers.map((layer) => layer.path);
    await writeFile(path.join(staging, 'layerchain.json'), JSON.stringify(chain));
    await refuseExisting(target);
    await rename(staging, target);
  } catch (error) {
    await storage.destroy(staging).catch(async () => rm(staging, { recursive: true, force: true }));
    throw error;
  }
  return { type: 'directory', source: target };
}

/** @throws ContainervError `ERR_CONTAINERV_EXISTS` */
export async function refuseExisting(target: string): Promise<void> {
  if (!(await exists(target))) return;
  throw new ContainervError(
    'ERR_CONTAINERV_EXISTS',
    'There is something at the target of the layer already',
    {
      step: 'import layer',
      path: target,
      hint: 'Choose another path, or remove what is there.',
    },
  );
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
