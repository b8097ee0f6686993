import { readdirSync, readlinkSync } from 'node:fs';

/** What the descriptors of this process lead to, sorted, without numbers that are never the same twice. */
export function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        // The listing's own.
        return [];
      }
    })
    .map((target) => target.replace(/\[\d+\]$/, '[]'))
    .sort();
}
