import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isWindowsPath } from '../../transfer/windows-name.js';
import { layerError } from '../layer-error.js';

/** In a folder of ExportLayer: what the layer removes, one path a line. */
export const TOMBSTONES = 'tombstones.txt';
const HEADER = 'Version 1.0';
const MAX_BYTES = 64 * 1024 ** 2;

/**
 * Paths below `Files` that a layer removes, with `/`. They come from a container, so each is a name and nothing else.
 * @throws ContainervError `ERR_CONTAINERV_LAYER`
 */
export async function readTombstones(folder: string): Promise<readonly string[]> {
  const file = path.join(folder, TOMBSTONES);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  if (text.length > MAX_BYTES) throw layerError('The list of what a layer removes is too large', file);
  const [header, ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (header !== HEADER) throw layerError('The list of what a layer removes cannot be read', file);
  return lines.filter((line) => line !== '').map((line) => checked(line, file));
}

function checked(line: string, file: string): string {
  const relative = line.replace(/^\\/, '').replaceAll('\\', '/');
  if (line.startsWith('\\') && isWindowsPath(relative)) return relative;
  throw layerError(`The layer removes '${line}', which is no path in it`, file);
}
