import { invalidOption } from './option-check.js';

/** A number of bytes, or a string such as `'512M'`, `'1.5G'`, `'64KiB'`. Units are powers of 1024. */
export type ByteSize = number | string;

const GRAMMAR = /^(\d+)(?:\.(\d+))?(?:([kmgtp])(?:ib)?|b)?$/i;
const UNITS = 'kmgtp';

/**
 * The number of bytes in `size`.
 *
 * Numbers are bytes. Strings are digits with an optional fraction and one of `K M G T P` or `KiB MiB GiB TiB PiB`, in
 * either case, always powers of 1024; without a unit, or with `B`, they are whole bytes. A fraction of a byte is
 * dropped. `kB` and `MB` are refused, because half of the world means 1000 by them.
 *
 * @param option - what the error calls the value.
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for anything else.
 * @example parseByteSize('512M') // 536870912
 */
export function parseByteSize(size: ByteSize, option = 'size'): number {
  if (typeof size === 'number') {
    if (Number.isSafeInteger(size) && size >= 0) return size;
  } else if (typeof size === 'string') {
    const bytes = parseText(size);
    if (bytes !== undefined) return bytes;
  }
  throw invalidOption(option, "a number of bytes or a size such as '512M' or '1.5G'", size, {
    hint: 'Units are K, M, G, T and P (or KiB, MiB, ...), powers of 1024.',
  });
}

function parseText(text: string): number | undefined {
  const match = GRAMMAR.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction, unit] = match;
  if (unit === undefined && fraction !== undefined) return undefined;
  const power = unit === undefined ? 0 : UNITS.indexOf(unit.toLowerCase()) + 1;
  const bytes = Math.floor(Number(`${whole}.${fraction ?? '0'}`) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
