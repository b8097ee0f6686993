import { readFileSync } from 'node:fs';

/**
 * Whether this process may change and read its terminal now: the kernel stops a background job that tries to
 * (proc_pid_stat(5), fields 5, 7 and 8: its process group, its controlling terminal, and that terminal's foreground group).
 */
export function isInForeground(): boolean {
  let stat: string;
  try {
    stat = readFileSync('/proc/self/stat', 'utf8');
  } catch {
    // No procfs to ask: as nearly always.
    return true;
  }
  // The name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A terminal that controls nobody here has no jobs.
  return fields[4] === '0' || fields[2] === fields[5];
}
