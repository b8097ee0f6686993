/**
 * The part of `node:fs/promises` that reading a layer chain takes, so that it can be given in itself.
 * What is not there rejects with code `ENOENT` or `ENOTDIR`.
 */
export interface LayerFileSystem {
  readFile(path: string, encoding: 'utf8'): Promise<string>;
  stat(path: string): Promise<{ isDirectory(): boolean; isFile(): boolean }>;
}

/** `undefined`: nothing is there. */
export async function kindOf(fs: LayerFileSystem, path: string): Promise<'directory' | 'file' | undefined> {
  const found = await unlessMissing(fs.stat(path));
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'directory' : 'file';
}

/** `undefined`: nothing is there. */
export async function textOf(fs: LayerFileSystem, path: string): Promise<string | undefined> {
  return unlessMissing(fs.readFile(path, 'utf8'));
}

async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
