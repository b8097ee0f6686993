import { readFileSync } from 'node:fs';

/**
 * Whether this process may change and read its terminal now: the kernel stops a background job that tries to
 * (proc_pid_stat(5), fields 5 and 8: its process group, and the terminal's foreground one).
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
  return fields[2] === fields[5];
}
