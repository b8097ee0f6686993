// Halves of surrogate pairs cannot be said in UTF-8.
const FORBIDDEN = /["*/:<>?\\|\p{Surrogate}]/u;
const FIRST_OF_TEXT = ' ';
// Devices, with or without an extension: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const DEVICE =
  /^(?:aux|clock\$|con|conin\$|conout\$|nul|prn|(?:com|lpt)[0-9\u00B9\u00B2\u00B3])(?: *\..*)?$/i;

/** And no other path is meant by it. */
function isWindowsName(name: string): boolean {
  return (
    name !== '' &&
    Array.from(name).every((character) => character >= FIRST_OF_TEXT) &&
    !FORBIDDEN.test(name) &&
    !/[ .]$/.test(name) &&
    !DEVICE.test(name)
  );
}

/** Whether every part of a relative path with `/` can be the name of a file; the empty path is none. */
export function isWindowsPath(path: string): boolean {
  return path.split('/').every((name) => isWindowsName(name));
}
