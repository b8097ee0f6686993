import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { workerMaps } from '../ids/choose-ids.js';
import type { Native } from '../native.js';
import { WorkKind } from '../protocol.js';
import { doWork } from './worker.js';

const EPERM = 1;
const EACCES = 13;

/** Whether what failed is the removal of files whose owners are ids of a container of this user, who is not root. */
export function isOthersFile({ op, errno }: { readonly op: string; readonly errno: number }): boolean {
  const maps = workerMaps();
  return (
    op === 'remove-tree' &&
    (errno === EPERM || errno === EACCES) &&
    maps !== undefined &&
    maps.uidHelper !== ''
  );
}

/** Empties a directory as whoever has the ids of /etc/subuid and /etc/subgid. */
export async function emptyAsOwner(native: Native, directory: string): Promise<void> {
  const opened = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const fds = [opened.fd];
    await doWork(native, { kind: WorkKind.RemoveTree, maps: workerMaps(), fds, what: 'remove container' });
  } finally {
    await opened.close();
  }
}
