import { randomUUID } from 'node:crypto';
import { promises as files } from 'node:fs';
import { cp, link, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { checkOptions, checkText, ContainervError, type Layer } from 'containerv-api';
import { withFileErrors } from '../file-error.js';
import { openHcs } from '../hcs/open-hcs.js';
import { identifyAll } from '../storage/container-storage.js';
import { importFolder, refuseExisting } from './import-folder.js';
import { resolveLayerChain } from './layer-chain.js';
import { layerError } from './layer-error.js';
import { kindOf } from './layer-file-system.js';
import { unpackLayer } from './tar/unpack-layer.js';
import { pathInLayer } from './transport/path-in-layer.js';
import { readTombstones, TOMBSTONES } from './transport/tombstones.js';
import { canonicalPath } from './windows-path.js';

export interface ImportLayerOptions {
  /** Folder of the layer below it, with its own chain. */
  readonly parent: string;
}

/**
 * Makes a layer for Windows containers out of what a container engine has: the tar file of an OCI layer, gzipped or not, or
 * a folder in the form of Windows' own ExportLayer. Base layers, which have no parent, are a container engine's to unpack.
 *
 * @throws ContainervError `ERR_CONTAINERV_LAYER`, `_EXISTS`, `_NOT_FOUND`, `_PERMISSION`
 * @example
 * const app = await importLayer('app.tar.gz', 'C:\\layers\\app', { parent: 'C:\\layers\\nanoserver' });
 * const container = await createContainer({ layers: [app] });
 */
export async function importLayer(
  source: string,
  target: string,
  options: ImportLayerOptions,
): Promise<Layer> {
  checkOptions(options, 'options', ['parent']);
  const parent = checkText(options.parent, 'parent');
  const from = path.resolve(checkText(source, 'source'));
  const place = path.resolve(checkText(target, 'target'));
  return withFileErrors('import layer', place, async () => importTo(place, from, parent));
}

async function importTo(place: string, from: string, parent: string): Promise<Layer> {
  await refuseExisting(place);
  const kind = await kindOf(files, from);
  if (kind === undefined) {
    throw new ContainervError('ERR_CONTAINERV_NOT_FOUND', 'The layer to import is not there', {
      step: 'import layer',
      path: from,
    });
  }
  const chain = await resolveLayerChain(parent, files);
  const { storage, privileges } = await openHcs();
  const folders = chain.isLayer ? [canonicalPath(parent), ...chain.layers] : chain.layers;
  const layers = await identifyAll(storage, folders);
  await privileges.enableBackup();
  const tag = randomUUID();
  const folder = path.join(path.dirname(place), `.${path.basename(place)}.containerv-import-${tag}`);
  await mkdir(folder);
  try {
    const { tombstones, hardLinks } =
      kind === 'file' ? await unpackLayer(from, folder) : await copyFolder(from, folder);
    const finish = async (layer: string): Promise<void> => makeHardLinks(layer, hardLinks);
    return await importFolder(storage, place, { folder, tombstones, layers, tag, finish });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyFolder(from: string, folder: string): Promise<Awaited<ReturnType<typeof unpackLayer>>> {
  if ((await kindOf(files, path.join(from, 'Files'))) !== 'directory') {
    throw layerError('The folder is not one that ExportLayer makes', from);
  }
  const tombstones = await readTombstones(from);
  await cp(from, folder, { recursive: true, errorOnExist: true, verbatimSymlinks: true });
  await rm(path.join(folder, TOMBSTONES), { force: true });
  return { tombstones, hardLinks: [] };
}

/** ImportLayer has no way to say that two files are one. */
async function makeHardLinks(
  layer: string,
  hardLinks: readonly { readonly path: string; readonly target: string }[],
): Promise<void> {
  for (const { path: name, target } of hardLinks) {
    const [at, to] = [await pathInLayer(layer, name), await pathInLayer(layer, target)];
    if (at === undefined || to === undefined) throw layerError(`The layer has no place for '${name}'`, layer);
    await rm(at, { force: true });
    await link(to, at);
  }
}
