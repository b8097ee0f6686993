import { readFileSync, statfsSync, statSync } from 'node:fs';

/** The little of the host that the checks look at; tests hand in another. */
export interface HostFiles {
  readonly uid: number;
  /** `undefined`: missing or not readable. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  /** `undefined`: missing. */
  inode(path: string): number | undefined;
  /** The file system's magic number, of the path or of its nearest parent that exists. */
  fileSystem(path: string): number | undefined;
}

export const hostFiles: HostFiles = {
  get uid() {
    return process.getuid?.() ?? 0;
  },
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  exists(path) {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  },
  inode(path) {
    return statSync(path, { throwIfNoEntry: false })?.ino;
  },
  fileSystem(path) {
    for (let place = path; place !== ''; place = place === '/' ? '' : place.replace(/\/[^/]*$/, '') || '/') {
      try {
        return statfsSync(place).type;
      } catch {
        continue;
      }
    }
    return undefined;
  },
};
