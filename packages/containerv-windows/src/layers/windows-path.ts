import { win32 } from 'node:path';

/**
 * A Windows path in one spelling: backslashes, no `.` or `..`, no `\\?\`, nothing at the end. Its letters keep their
 * case; {@link samePathKey} is for comparing. Text only.
 */
export function canonicalPath(path: string): string {
  const plain = path
    .replaceAll('/', '\\')
    .replace(/^\\\\\?\\UNC\\/i, '\\\\')
    .replace(/^(?:\\\\\?\\|\\\?\?\\)/, '');
  const normal = win32.normalize(plain);
  // `C:\` and `\\server\share\` keep theirs: without it they mean something else.
  return win32.parse(normal).root === normal ? normal : normal.replace(/\\+$/, '');
}

/** Equal for two spellings of one path. NTFS compares by an upper-case table; this is that for what JavaScript knows. */
export function samePathKey(path: string): string {
  return canonicalPath(path).toUpperCase();
}

/** With a drive or a server; `\x` and `C:x` depend on a current directory and are not. */
export function isFullPath(path: string): boolean {
  return /^[a-z]:\\/i.test(canonicalPath(path)) || /^\\\\[^\\?.]/.test(canonicalPath(path));
}

export function joinPath(folder: string, ...names: readonly string[]): string {
  return win32.join(folder, ...names);
}

export function baseName(path: string): string {
  return win32.basename(canonicalPath(path));
}
