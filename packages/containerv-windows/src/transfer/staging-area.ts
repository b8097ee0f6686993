import { randomUUID } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { copyFile, type FileHandle, lstat, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { ContainervError } from 'containerv-api';

/**
 * Files of one transfer in the directory that host and container share. The container may do with it what it likes
 * while we work there, so there is nothing in it but files, directly below the one directory that it cannot replace:
 * a directory of ours could become a link to another one of the host in between.
 */
export class StagingArea {
  readonly #directory: string;
  readonly #prefix = randomUUID();
  readonly #names = new Set<string>();
  #last = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** A name that nothing has. */
  reserve(): string {
    const name = `${this.#prefix}-${this.#last++}`;
    this.#names.add(name);
    return name;
  }

  /** A copy of a file of the host. */
  async put(name: string, source: string): Promise<void> {
    await copyFile(source, this.#path(name), constants.COPYFILE_EXCL);
  }

  /** A new file; what is there already, a link too, rejects. */
  async create(name: string): Promise<FileHandle> {
    return open(this.#path(name), 'wx');
  }

  /**
   * A file that the container has put there.
   * @throws ContainervError `ERR_CONTAINERV_PROTOCOL` when that is something else, such as a link to a file of the host.
   */
  async open(name: string): Promise<FileHandle> {
    const file = this.#path(name);
    const before = await lstat(file, { bigint: true });
    if (!before.isFile()) throw tampered(file);
    const handle = await open(file, 'r');
    try {
      // What was opened is what was looked at: not something that a link at its name led to by then.
      const opened: BigIntStats = await handle.stat({ bigint: true });
      if (!opened.isFile() || opened.ino !== before.ino || opened.dev !== before.dev) throw tampered(file);
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Gives up files; what the container still holds open goes with the directory. */
  async remove(names: Iterable<string> = [...this.#names]): Promise<void> {
    for (const name of names) {
      // Not recursive: a link, or a directory in its place, is not gone into.
      await rm(this.#path(name), { force: true }).then(
        () => this.#names.delete(name),
        () => {},
      );
    }
  }

  #path(name: string): string {
    return path.join(this.#directory, name);
  }
}

function tampered(file: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_PROTOCOL',
    'Something in the container replaced a file on its way out',
    {
      step: 'download',
      path: file,
    },
  );
}
