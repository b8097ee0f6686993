import { linuxErrnoName } from 'containerv-api';
import type { SystemFailure } from './system-error.js';

const MAKES_PROCESSES = new Set(['clone', 'clone3', 'fork', 'vfork']);

/** What to do about what the machine has no more of, whoever asked for it. */
export function usualHint({ errno, syscall, path }: SystemFailure): string | undefined {
  switch (linuxErrnoName(errno)) {
    case 'EMFILE':
      return 'This program has as many descriptors as it may: raise `ulimit -n`, or destroy containers.';
    case 'ENFILE':
      return 'The machine has as many open files as it may: see fs.file-max.';
    case 'EDQUOT':
      return 'The quota of this user is used up.';
    case 'ENOSPC':
      // Namespaces and watches run out with the same error, and have no path.
      return path === undefined || path === ''
        ? undefined
        : 'The file system is full, or has no inode left: see `df` and `df -i`.';
    case 'EAGAIN':
      return MAKES_PROCESSES.has(syscall)
        ? 'There may be no more processes: see `ulimit -u`, pids.max of this program’s control groups, and kernel.pid_max.'
        : undefined;
    default:
      return undefined;
  }
}
