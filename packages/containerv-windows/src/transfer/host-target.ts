import { randomUUID } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * Where a download goes. Names below it are the container's choice, and so are links: whatever is made goes into
 * directories that are really there, never through a link at or below the target.
 */
export class HostTarget {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async directory(below: string): Promise<void> {
    await this.#parents(below);
    await ownDirectory(this.#at(below));
  }

  /** Nobody sees the file until all of it is there. @returns its bytes */
  async file(below: string, content: FileHandle, signal: AbortSignal | undefined): Promise<number> {
    const target = await this.#free(below);
    const part = `${target}.containerv-${randomUUID()}`;
    const file = (await open(part, 'wx')).createWriteStream();
    try {
      await pipeline(
        content.createReadStream({ autoClose: false }),
        file,
        signal === undefined ? {} : { signal },
      );
      await rename(part, target);
      return file.bytesWritten;
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  async link(below: string, leadsTo: string): Promise<void> {
    const target = await this.#free(below);
    const part = `${target}.containerv-${randomUUID()}`;
    await symlink(leadsTo, part);
    try {
      await rename(part, target);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  #at(below: string): string {
    return below === '' ? this.#root : path.join(this.#root, ...below.split('/'));
  }

  /** A path that is no directory, in one that is. */
  async #free(below: string): Promise<string> {
    await this.#parents(below);
    const target = this.#at(below);
    const found = await lstat(target).catch(unlessMissing);
    if (found?.isDirectory() === true) {
      throw new Error('Cannot put a file in the place of a directory');
    }
    return target;
  }

  async #parents(below: string): Promise<void> {
    // The caller's own way to the target may have links in it.
    await mkdir(path.dirname(this.#root), { recursive: true });
    const names = below === '' ? [] : below.split('/');
    for (let depth = 0; depth < names.length; depth++) {
      await ownDirectory(this.#at(names.slice(0, depth).join('/')));
    }
  }
}

async function ownDirectory(directory: string): Promise<void> {
  const found = await lstat(directory).catch(unlessMissing);
  if (found === undefined) await mkdir(directory);
  else if (!found.isDirectory()) throw new Error('Not a directory, or a link to one');
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
