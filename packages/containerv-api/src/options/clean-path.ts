import { invalidOption } from '../option-check.js';

/**
 * A path inside the container in one canonical spelling: absolute, without repeated slashes, `.` or a slash at the end.
 * `..` is refused rather than resolved: with symbolic links in the way only the kernel could say where it leads.
 * Control characters are refused because they would forge lines in the kernel's own tables (`/proc/self/mountinfo`).
 */
export function cleanGuestPath(path: unknown, option: string): string {
  if (typeof path === 'string' && path.startsWith('/') && !hasControlCharacter(path)) {
    const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
    if (!segments.includes('..')) return `/${segments.join('/')}`;
  }
  throw invalidOption(option, "an absolute path without '..' or control characters", path);
}

/** Whether `inner` is `outer` or lies below it; both must be clean. */
export function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`);
}

export function hasControlCharacter(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}
