import { mkdir, stat } from 'node:fs/promises';
import { fstatSync } from 'node:fs';
import path from 'node:path';
import { ContainervError } from 'containerv-api';
import type { Native } from '../native.js';
import { forgetDirectory } from './directories.js';

const LOCK = 'lock';
const MAX_ATTEMPTS = 100;

/** A container's state directory, and the lock that says that somebody is responsible for it. */
export interface Claim {
  readonly directory: string;
  /** Holds a shared lock; init has it too, so the lock lives as long as either of us. */
  readonly lock: number;
}

/**
 * Makes the state directory of a new container. Who cleans up takes the lock exclusively first, so it may remove the
 * directory between our making and locking it; then we start over.
 * @throws ContainervError `ERR_CONTAINERV_EXISTS` when the id is in use.
 */
export async function claimNew(native: Native, base: string, id: string): Promise<Claim> {
  const directory = path.join(base, id);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      await mkdir(directory, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') forgetDirectory(base);
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new ContainervError('ERR_CONTAINERV_EXISTS', `The id '${id}' is in use`, {
        step: 'make state directory',
        path: directory,
        hint: `Choose another id, or remove that container: containerv rm -f ${id}`,
      });
    }
    const claim = await lockShared(native, directory);
    if (claim !== undefined) return claim;
  }
  throw new ContainervError(
    'ERR_CONTAINERV_STATE',
    `The directory of '${id}' is removed as often as it is made`,
    {
      step: 'make state directory',
      path: directory,
    },
  );
}

/** `undefined`: there is no such directory, or it is being removed. */
export async function lockShared(native: Native, directory: string): Promise<Claim | undefined> {
  return lock(native, directory, false);
}

/** `undefined` also when somebody holds the lock: then the container is alive, or its owner is. */
export async function lockExclusive(native: Native, directory: string): Promise<Claim | undefined> {
  return lock(native, directory, true);
}

async function lock(native: Native, directory: string, exclusive: boolean): Promise<Claim | undefined> {
  const file = path.join(directory, LOCK);
  let held: number;
  try {
    held = await native.lock(file, exclusive);
  } catch (error) {
    if ((error as { errno?: number }).errno === -2) return undefined;
    throw error;
  }
  if (held < 0) return undefined;
  // The file may have been removed, and another made by its name, before we had the lock.
  const named = await stat(file).catch(() => undefined);
  const opened = fstatSync(held);
  if (named !== undefined && named.ino === opened.ino && named.dev === opened.dev)
    return { directory, lock: held };
  native.close(held);
  return undefined;
}
