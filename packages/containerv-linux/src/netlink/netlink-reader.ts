import { HEADER_BYTES } from './netlink-writer.js';

const ATTRIBUTE_BYTES = 4;
/** Without the flags "nested" and "network order". */
const TYPE_MASK = 0x3fff;

export interface NetlinkMessage {
  readonly type: number;
  /** Behind the header. */
  readonly body: Buffer;
}

/** The messages of a reply. What is cut off is an error: half an answer must not pass for a whole one. */
export function readMessages(bytes: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.length - at < HEADER_BYTES ? 0 : bytes.readUInt32LE(at);
    if (size < HEADER_BYTES || at + size > bytes.length) throw new RangeError('a netlink message is cut off');
    messages.push({ type: bytes.readUInt16LE(at + 4), body: bytes.subarray(at + HEADER_BYTES, at + size) });
    at += align(size);
  }
  return messages;
}

export type Attributes = ReadonlyMap<number, Buffer>;

/** The attributes from `at` on, by type; of two alike the last, as the kernel reads them. */
export function readAttributes(bytes: Buffer, at = 0): Attributes {
  const attributes = new Map<number, Buffer>();
  while (at < bytes.length) {
    const size = bytes.length - at < ATTRIBUTE_BYTES ? 0 : bytes.readUInt16LE(at);
    if (size < ATTRIBUTE_BYTES || at + size > bytes.length)
      throw new RangeError('a netlink attribute is cut off');
    attributes.set(bytes.readUInt16LE(at + 2) & TYPE_MASK, bytes.subarray(at + ATTRIBUTE_BYTES, at + size));
    at += align(size);
  }
  return attributes;
}

/** Up to its NUL. */
export function attributeText(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}

export function attributeU32(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  return value === undefined || value.length < 4 ? undefined : value.readUInt32LE(0);
}

function align(size: number): number {
  return (size + 3) & ~3;
}
