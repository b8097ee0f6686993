import { type FSWatcher, watch } from 'node:fs';

/**
 * Looks at a file that the kernel tells changes of (inotify(7)), and again with each change, until it says so.
 * @returns whether it did in time; `undefined`: it cannot be watched, as when this user has no watch left
 */
export async function untilTold(
  file: string,
  looksSo: () => Promise<boolean>,
  longestMs: number,
): Promise<boolean | undefined> {
  const changes = watchFile(file);
  if (changes === undefined) return undefined;
  let look = (): void => {};
  changes.on('change', () => look());
  changes.on('error', () => look());
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    look();
  }, longestMs);
  try {
    for (;;) {
      // What changes during a look calls for another.
      const told = new Promise<void>((resolve) => (look = resolve));
      if (await looksSo()) return true;
      if (late) return false;
      await told;
    }
  } finally {
    clearTimeout(deadline);
    changes.close();
  }
}

function watchFile(file: string): FSWatcher | undefined {
  try {
    return watch(file);
  } catch {
    return undefined;
  }
}
