import path from 'node:path';
import { FileBatch } from '../file-batch.js';
import type { Native } from '../native.js';
import { systemError } from '../system-error.js';

const ENOENT = 2;
const EWOULDBLOCK = 11;

/** A container's state directory, and the lock that says that somebody is responsible for it. */
export interface Claim {
  readonly directory: string;
  /** Init has it too, so it is held for as long as either of us lives. */
  readonly lock: number;
}

export function lockFile(directory: string): string {
  return path.join(directory, 'lock');
}

/**
 * The claim of who cleans up. `'held'`: somebody is responsible, init or an owner, which share the lock, or another who
 * cleans up. `'gone'`: there is no such container, or it is just being made or removed; an empty directory that a crash
 * in between has left goes.
 */
export async function lockExclusive(native: Native, directory: string): Promise<Claim | 'held' | 'gone'> {
  const batch = new FileBatch();
  const lock = batch.add({ op: 'lock', path: lockFile(directory), exclusive: true });
  const failure = await batch.run(native, 'lock state directory');
  if (failure === undefined) return { directory, lock: batch.result(lock).fd };
  if (failure.errno === EWOULDBLOCK) return 'held';
  if (failure.errno !== ENOENT) throw systemError(failure, { what: 'Cannot lock' });
  const remains = new FileBatch();
  remains.add({ op: 'rmdir', path: directory, optional: true });
  await remains.run(native, 'remove container');
  return 'gone';
}
