import { win32 } from 'node:path';
import type { LayerFileSystem } from '../../src/layers/layer-file-system.js';

/**
 * A Windows directory tree from its files: `{ 'C:\\a\\layerchain.json': '[]' }`. Directories are those on the way to a
 * file; one whose path ends with a backslash is there without one. Names compare without case, as NTFS does.
 */
export function fakeLayers(files: Readonly<Record<string, string>>): LayerFileSystem & { reads: string[] } {
  const texts = new Map<string, string>();
  const directories = new Set<string>();
  for (const [name, text] of Object.entries(files)) {
    const key = keyOf(name);
    if (!name.endsWith('\\')) texts.set(key, text);
    else directories.add(key);
    for (let path = win32.dirname(key); path !== win32.dirname(path); path = win32.dirname(path))
      directories.add(path);
  }
  const reads: string[] = [];
  return {
    reads,
    async readFile(path) {
      reads.push(path);
      const text = texts.get(keyOf(path));
      if (text === undefined) throw missing(path);
      return text;
    },
    async stat(path) {
      const key = keyOf(path);
      if (!texts.has(key) && !directories.has(key)) throw missing(path);
      return { isDirectory: () => directories.has(key), isFile: () => texts.has(key) };
    },
  };
}

function keyOf(path: string): string {
  return win32.normalize(path).replace(/\\$/, '').toLowerCase();
}

function missing(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: 'ENOENT' });
}
