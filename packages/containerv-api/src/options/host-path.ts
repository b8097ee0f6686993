import { resolve } from 'node:path';
import { invalidOption } from '../option-check.js';

/** A path on the host as an absolute one; a relative path starts at `cwd`. */
export function resolveHostPath(path: unknown, option: string, cwd: string): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(cwd, path);
  throw invalidOption(option, 'a path on the host', path);
}
