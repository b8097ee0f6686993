import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { layerError } from '../layer-error.js';

/**
 * A path in a layer that nobody else writes to; `undefined`: a directory that leads to it is not there.
 * @param relative names with `/` between them, each checked
 * @throws ContainervError `ERR_CONTAINERV_LAYER` where a link in the layer would lead out of it
 */
export async function pathInLayer(layer: string, relative: string): Promise<string | undefined> {
  const names = relative.split('/');
  let at = layer;
  for (const name of names.slice(0, -1)) {
    at = path.join(at, name);
    const found = await lstat(at).catch(() => undefined);
    if (found === undefined) return undefined;
    if (found.isSymbolicLink()) throw layerError('The layer changes what is behind a link', at);
  }
  return path.join(at, names.at(-1) ?? '');
}
