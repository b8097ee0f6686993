import { ContainervError } from 'containerv-api';
import type { WrapperFormat } from './wrapper-options.js';

// Devices of Windows in every directory, with any extension ("Naming Files, Paths, and Namespaces").
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])$/i;
const MAX_LENGTH = 200;

/**
 * Refuses names that are no plain file name, on any system: a directory of wrappers may be shared.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION`
 */
export function checkWrapperNames(names: readonly string[], formats: readonly WrapperFormat[]): void {
  for (const name of names) {
    const problem = problemOf(name, formats);
    if (problem !== undefined) throw invalid(`The name '${name}' ${problem}`, 'Choose another.');
  }
  const seen = new Map<string, string>();
  for (const name of names) {
    const key = formats.includes('posix') && formats.length === 1 ? name : name.toLowerCase();
    const other = seen.get(key);
    if (other !== undefined)
      throw invalid(
        other === name
          ? `The name '${name}' is there twice`
          : `The names '${other}' and '${name}' are one file`,
        'Every wrapper needs a name of its own.',
      );
    seen.set(key, name);
  }
}

function problemOf(name: string, formats: readonly WrapperFormat[]): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[\\/]/.test(name)) return 'holds a separator';
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'holds control characters';
  if (/^\.+$/.test(name)) return 'is a directory';
  if (name.startsWith('-')) return 'would be taken for an option';
  if (name.toLowerCase() === 'serve-exec') return 'would stand in the way of serve-exec itself';
  if (RESERVED.test(name.split('.', 1)[0]?.trimEnd() ?? '')) return 'is reserved on Windows';
  if (formats.includes('posix')) return undefined;
  if (/[<>:"|?*]/.test(name)) return 'holds a character that Windows file names cannot';
  return /[. ]$/.test(name) ? 'ends as Windows file names cannot' : undefined;
}

function invalid(what: string, hint: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_INVALID_OPTION', what, { hint });
}
