import { layerError } from '../layer-error.js';

export const BLOCK = 512;

/** One header of a tar file, POSIX ustar or GNU (pax(1), "ustar Interchange Format"). */
export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** `'0'` file, `'1'` hard link, `'2'` symbolic link, `'5'` directory, `'x'` and `'g'` pax, `'L'` and `'K'` long names. */
  readonly type: string;
  readonly size: number;
  /** Seconds. */
  readonly modifiedAt: number;
}

/** `undefined`: a block of zeros, which ends the file. @throws ContainervError `ERR_CONTAINERV_LAYER` */
export function parseTarHeader(block: Buffer, file: string): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (number(block, 148, 8) !== checksum(block)) throw layerError('The tar file is damaged', file);
  const prefix = block.toString('latin1', 257, 262) === 'ustar' ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const size = number(block, 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw layerError('The tar file is damaged', file);
  const type = block.toString('latin1', 156, 157);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: text(block, 157, 100),
    type: type === '\0' || type === '7' ? '0' : type,
    size,
    modifiedAt: number(block, 136, 12),
  };
}

/** As if the field of the sum itself were spaces. */
function checksum(block: Buffer): number {
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  return sum;
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** Octal, or binary when it would not fit (GNU). */
function number(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return value;
  }
  const digits = field.toString('latin1').replace(/\0.*$/s, '').trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** Records `"LENGTH NAME=VALUE\n"` of a pax header. @throws ContainervError `ERR_CONTAINERV_LAYER` */
export function parsePax(data: Buffer, file: string): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString('latin1', at, space));
    const record = data.subarray(space + 1, at + length - 1);
    const equals = record.indexOf(0x3d);
    const whole = space > at && length > space - at && at + length <= data.length && equals > 0;
    if (!whole || data[at + length - 1] !== 0x0a) throw layerError('The tar file is damaged', file);
    records.set(record.toString('utf8', 0, equals), record.toString('utf8', equals + 1));
    at += length;
  }
  return records;
}
