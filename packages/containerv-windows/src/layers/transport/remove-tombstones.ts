import { rm } from 'node:fs/promises';
import { pathInLayer } from './path-in-layer.js';

/**
 * Removes from a layer that was just imported what it is to hide: ImportLayer gives it all of its parents' files.
 * @param tombstones below `Files`
 * @throws ContainervError `ERR_CONTAINERV_LAYER` for a path that a link in the layer would lead out of it
 */
export async function removeTombstones(layer: string, tombstones: readonly string[]): Promise<void> {
  for (const relative of tombstones) {
    const file = await pathInLayer(layer, `Files/${relative}`);
    // Removes a link, and nothing that it leads to.
    if (file !== undefined) await rm(file, { recursive: true, force: true });
  }
}
