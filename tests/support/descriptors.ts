import { readdirSync, readlinkSync } from 'node:fs';
import { eventually } from './eventually.js';

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

/** The same when a container that was destroyed before holds nothing more: removed files are let go of in the background. */
export async function settledDescriptors(): Promise<string[]> {
  return eventually(() => {
    const open = openDescriptors();
    const removed = open.find(
      (target) => target.startsWith('/') && target.endsWith(' (deleted)') && !target.startsWith('/memfd:'),
    );
    if (removed !== undefined) throw new Error(`still open: ${removed}`);
    return open;
  });
}
