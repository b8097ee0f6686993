import path from 'node:path';
import { directoryOf, type GroupDirectories } from './groups.js';

/** Where the kernel counts what it killed for memory: memory.events (v2) or memory.oom_control (v1, Linux 4.13). */
export function oomFile(groups: GroupDirectories): string | undefined {
  const directory = directoryOf(groups, 'memory');
  if (directory === undefined) return undefined;
  return path.join(directory, groups.unified === null ? 'memory.oom_control' : 'memory.events');
}

/** How many processes the kernel killed for memory; `null`: it does not say. */
export function parseOomKills(text: string): number | null {
  const [, kills] = /^oom_kill (\d+)$/m.exec(text) ?? [];
  return kills === undefined ? null : Number(kills);
}
