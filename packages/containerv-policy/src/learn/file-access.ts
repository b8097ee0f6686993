import { FsAccess } from '../files/access.js';
import type { ObservedFile } from './observations.js';

/** fcntl.h; equal on x86-64 and arm64. */
const O_ACCMODE = 3;
const O_WRONLY = 1;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const O_PATH = 0o10000000;
/** O_TMPFILE without O_DIRECTORY, whose value differs between architectures. */
const O_TMPFILE = 0o20000000;

/**
 * What a policy has to allow on the path of an observed file; 0: nothing. For a name that was not there yet the path is
 * its directory's.
 */
export function neededAccess({ syscall, flags, found }: ObservedFile): FsAccess {
  switch (syscall) {
    case 'open':
    case 'openat':
    case 'openat2':
      return accessOfOpen(flags, found);
    case 'execve':
    case 'execveat':
    case 'mmap':
      return found === 'nothing' ? 0 : FsAccess.Execute;
    case 'creat':
      return FsAccess.Write;
    default:
      // The call fails for want of the file, whatever the policy says.
      return found === 'nothing' ? 0 : FsAccess.Write;
  }
}

function accessOfOpen(flags: number, found: ObservedFile['found']): FsAccess {
  if ((flags & O_PATH) !== 0) return 0;
  const mode = flags & O_ACCMODE;
  const opened =
    mode === 0 ? FsAccess.Read : mode === O_WRONLY ? FsAccess.Write : FsAccess.Read | FsAccess.Write;
  const creates = (flags & (O_CREAT | O_TMPFILE)) !== 0;
  if (found === 'nothing') return creates ? opened | FsAccess.Write : 0;
  return (flags & O_TRUNC) !== 0 ? opened | FsAccess.Write : opened;
}
