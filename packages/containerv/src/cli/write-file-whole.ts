import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { ContainervError } from 'containerv-api';

/** Writes a file so that whoever reads it sees the old or the new text, never part of one. */
export function writeFileWhole(path: string, text: string): void {
  const staged = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    // `wx`: neither somebody else's file nor a link to one.
    writeFileSync(staged, text, { flag: 'wx' });
    renameSync(staged, path);
  } catch (cause) {
    rmSync(staged, { force: true });
    const errno = (cause as NodeJS.ErrnoException).code;
    throw new ContainervError('ERR_CONTAINERV_SYSTEM', 'Cannot write the file', { path, errno, cause });
  }
}
