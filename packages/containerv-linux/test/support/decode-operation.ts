import { WireReader } from '../../src/wire.js';

/** Reads an operation as `native/init/operations.cc` does: in its order, with its types. */
export function decodeOperation(message: Buffer): Record<string, unknown> {
  const reader = new WireReader(message);
  reader.u32();
  reader.u32();
  const number = reader.u32();
  const decode = DECODERS[number];
  if (decode === undefined) throw new Error(`no operation ${number}`);
  const decoded = { number, ...decode(reader) };
  if (!finished(reader)) throw new Error('more was written than init reads');
  return decoded;
}

const DECODERS: Readonly<Record<number, (reader: WireReader) => Record<string, unknown>>> = {
  1: (reader) => ({ place: reader.u32(), path: reader.text(), mode: reader.u32() }),
  2: (reader) => ({ place: reader.u32(), path: reader.text(), target: reader.text() }),
  3: (reader) => ({
    place: reader.u32(),
    path: reader.text(),
    flags: reader.u32(),
    type: reader.text(),
    source: reader.text(),
    attributes: reader.u32(),
    options: Array.from({ length: reader.u32() }, () => [reader.text(), reader.text()]),
  }),
  4: (reader) => ({
    place: reader.u32(),
    path: reader.text(),
    flags: reader.u32(),
    source: reader.text(),
    attributes: reader.u32(),
  }),
  5: (reader) => ({
    place: reader.u32(),
    path: reader.text(),
    flags: reader.u32(),
    mode: reader.u32(),
    content: bytes(reader),
  }),
  6: (reader) => ({ path: reader.text() }),
  7: (reader) => ({ path: reader.text() }),
  8: (reader) => ({ key: reader.text(), value: bytes(reader) }),
  9: () => ({}),
  10: () => ({}),
  11: (reader) => ({
    place: reader.u32(),
    path: reader.text(),
    flags: reader.u32(),
    attributes: reader.u32(),
    lower: Array.from({ length: reader.u32() }, () => reader.text()),
    upper: reader.text(),
    work: reader.text(),
    options: reader.u32(),
  }),
};

/** Bytes one by one, which only a test needs: the driver receives none. */
function bytes(reader: WireReader): string {
  const size = reader.u32();
  const whole = Math.floor(size / 4);
  const words = Array.from({ length: whole }, () => reader.u32());
  const buffer = Buffer.alloc(whole * 4);
  for (const [index, word] of words.entries()) buffer.writeUInt32LE(word, index * 4);
  if (size % 4 !== 0) throw new Error('write content in fours, so that this can read it');
  return buffer.toString();
}

function finished(reader: WireReader): boolean {
  try {
    reader.u32();
    return false;
  } catch {
    return true;
  }
}
