import { invalidOption } from './option-check.js';

/** Where a path is to be understood: a Linux container, a Windows container, a Linux container on Windows. */
export type PathTarget = 'linux' | 'wcow' | 'lcow';

/** Where the virtual machine of a Linux container on Windows holds the container's root. */
const LCOW_ROOT: readonly string[] = ['chef', 'rootfs'];

// \\?\C:\x, \\?\UNC\server\share, \\.\pipe\x and \??\C:\x: prefixes that switch Windows' own clean-up off.
const DEVICE_PREFIX = /^(?:[\\/]{2}\?[\\/](?:UNC[\\/])?|[\\/]{2}\.[\\/]|\\\?\?\\)/i;
// Also drive-relative (C:x), whose meaning depends on a current directory that the container does not have.
const DRIVE = /^[a-z]:/i;

/**
 * A path as the container sees it, in one canonical spelling, from whatever spelling of Windows or Linux the caller has.
 *
 * Both `/` and `\` separate; repeated ones, `.` and one at the end vanish; drive letters, `\\?\` and the slashes of UNC
 * names are dropped; relative paths start at the root; `..` goes up but never above the root; the empty path is the
 * root. It is text only: symbolic links are the container's to resolve. The result, given in again, comes out as it is.
 *
 * - `'linux'`: `/usr/bin`
 * - `'wcow'`: `C:\usr\bin`; dots and spaces at the end of a name go, as Windows drops them itself
 * - `'lcow'`: `/chef/rootfs/usr/bin`, with the prefix exactly once, whether it was there or not
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for anything but a string without NUL.
 */
export function containerPath(path: string, target: PathTarget): string {
  if (typeof path !== 'string' || path.includes('\0')) {
    throw invalidOption('path', 'a string without NUL characters', path);
  }
  const bare = path.replace(DEVICE_PREFIX, '').replace(DRIVE, '');
  switch (target) {
    case 'linux':
      return `/${segments(bare).join('/')}`;
    case 'wcow':
      return `C:\\${segments(bare, withoutTrailingDots).join('\\')}`;
    case 'lcow':
      return `/${[...LCOW_ROOT, ...belowLcowRoot(segments(bare))].join('/')}`;
    default:
      throw invalidOption('target', "'linux', 'wcow' or 'lcow'", target);
  }
}

function segments(path: string, clean: (segment: string) => string = (segment) => segment): string[] {
  const kept: string[] = [];
  for (const segment of path.split(/[\\/]+/)) {
    if (segment === '..') kept.pop();
    else if (segment !== '.' && clean(segment) !== '') kept.push(clean(segment));
  }
  return kept;
}

/** What is left of `'.. '` or `'...'` is nothing, so no spelling of `..` reaches Windows. */
function withoutTrailingDots(segment: string): string {
  return segment.replace(/[ .]+$/, '');
}

function belowLcowRoot(path: readonly string[]): readonly string[] {
  let rest = path;
  while (LCOW_ROOT.every((segment, index) => rest[index] === segment)) rest = rest.slice(LCOW_ROOT.length);
  return rest;
}
