import { lstat, open, readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';

/** Something of the host to be copied; `path` is relative to what was asked for, with `/`. */
export type HostEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly source: string; readonly executable: boolean }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'failure'; readonly path: string; readonly error: unknown };

/** Everything at and below a path, directories before what they hold. What cannot be read is in it too. */
export async function* walkHost(from: string, follow: boolean, below = ''): AsyncGenerator<HostEntry> {
  try {
    const found = follow ? await stat(from) : await lstat(from);
    if (found.isSymbolicLink()) {
      yield { kind: 'link', path: below, target: await readlink(from) };
    } else if (found.isFile()) {
      yield { kind: 'file', path: below, source: from, executable: await isProgram(from) };
    } else if (found.isDirectory()) {
      yield { kind: 'directory', path: below };
      for (const name of (await readdir(from)).toSorted()) {
        yield* walkHost(path.join(from, name), false, below === '' ? name : `${below}/${name}`);
      }
    } else {
      throw new Error('Neither a file, nor a directory, nor a symbolic link');
    }
  } catch (error) {
    yield { kind: 'failure', path: below, error };
  }
}

const SIGNATURE_BYTES = 4;

/** Windows has no such mode: a script or a program of Linux, by its first bytes. */
async function isProgram(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SIGNATURE_BYTES), 0, SIGNATURE_BYTES, 0);
    const start = buffer.toString('latin1', 0, bytesRead);
    return start.startsWith('#!') || start === '\u007FELF';
  } finally {
    await handle.close();
  }
}
