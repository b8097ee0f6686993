import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Where kernels and what is made of them are kept between runs. */
export function cacheDirectory() {
  const base = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  const directory = path.join(base, 'containerv-vm');
  mkdirSync(directory, { recursive: true });
  return directory;
}

/**
 * Runs `make(temporary path)` and puts what it made at `target`, whole or not at all.
 * @param {string} target
 * @param {(staged: string) => void} make
 */
export function placeWhole(target, make) {
  const staged = `${target}.${process.pid}`;
  try {
    make(staged);
    renameSync(staged, target);
  } catch (error) {
    rmSync(staged, { recursive: true, force: true });
    throw error;
  }
}
