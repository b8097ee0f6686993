import { checkList } from '../validate/check.js';
import { invalidPolicy, unexpected } from '../validate/invalid-policy.js';
import { checkAccess, type FsAccess } from './access.js';

/** Access to a path as the container sees it; a directory covers everything below it. */
export interface PathRule {
  /** Absolute, normalised: no `.`, no `..`, no doubled or trailing slash. */
  readonly path: string;
  readonly access: FsAccess;
}

/** PATH_MAX of Linux, without the terminating NUL. */
const maxPathLength = 4095;

export function checkPaths(paths: unknown, access: unknown): readonly PathRule[] {
  const checked = checkAccess(access, 'access');
  return checkList(paths, 'paths').map((path, at) => ({
    path: checkPath(path, `paths[${at}]`),
    access: checked,
  }));
}

/** @throws ERR_CONTAINERV_INVALID_POLICY naming `entry`, for a path that is not absolute or that could mean another */
export function checkPath(value: unknown, entry: string): string {
  if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > maxPathLength)
    throw unexpected(entry, `a path of 1 to ${maxPathLength} bytes`, value);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(value))
    throw unexpected(entry, 'a path without NUL, newline or other control characters', value);
  if (/\p{Surrogate}/u.test(value)) throw unexpected(entry, 'a path of whole Unicode characters', value);
  if (!value.startsWith('/')) throw unexpected(entry, 'an absolute path', value);
  // Removing `..` as text would change the meaning where a component is a symbolic link.
  if (value.split('/').includes('..'))
    throw invalidPolicy(
      `\`${entry}\`: \`..\` is not allowed in ${JSON.stringify(value)}`,
      'Name the directory itself.',
    );
  const components = value.split('/').filter((part) => part !== '' && part !== '.');
  return `/${components.join('/')}`;
}

/** One rule per path with the accesses added up, sorted by path. */
export function mergePaths(...lists: readonly (readonly PathRule[])[]): readonly PathRule[] {
  const merged = new Map<string, FsAccess>();
  for (const { path, access } of lists.flat()) merged.set(path, (merged.get(path) ?? 0) | access);
  return [...merged].map(([path, access]) => ({ path, access })).sort((a, b) => (a.path < b.path ? -1 : 1));
}
