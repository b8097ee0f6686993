/** Flags of `nlmsg_flags` (netlink(7)). */
export const MessageFlag = {
  Request: 0x1,
  Ack: 0x4,
  Replace: 0x100,
  Excl: 0x200,
  Create: 0x400,
  Append: 0x800,
  Dump: 0x300,
} as const;

export const HEADER_BYTES = 16;
const ATTRIBUTE_BYTES = 4;
const NESTED = 0x8000;

/**
 * Builds netlink messages, one after the other, numbered from 1. Numbers are in the machine's order, which is little
 * endian wherever this driver works; nftables wants its own in network order, hence the `Be` variants.
 */
export class NetlinkWriter {
  #bytes = Buffer.alloc(2048);
  #size = 0;
  #sequence = 0;

  /** The number of the last message. */
  get sequence(): number {
    return this.#sequence;
  }

  message(type: number, flags: number, body: (writer: this) => void): this {
    const start = this.#size;
    this.#sequence++;
    this.u32(0)
      .u16(type)
      .u16(flags | MessageFlag.Request)
      .u32(this.#sequence)
      .u32(0);
    body(this);
    this.#bytes.writeUInt32LE(this.#size - start, start);
    return this.#align();
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#size = this.#bytes.writeUInt8(value, this.#size);
    return this;
  }

  u16(value: number): this {
    this.#reserve(2);
    this.#size = this.#bytes.writeUInt16LE(value, this.#size);
    return this;
  }

  u16Be(value: number): this {
    this.#reserve(2);
    this.#size = this.#bytes.writeUInt16BE(value, this.#size);
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#size = this.#bytes.writeUInt32LE(value >>> 0, this.#size);
    return this;
  }

  attribute(type: number, value: Uint8Array): this {
    this.#startAttribute(type, value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
    return this.#align();
  }

  attributeU8(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value));
  }

  attributeU32(type: number, value: number): this {
    this.#startAttribute(type, 4);
    return this.u32(value);
  }

  attributeU32Be(type: number, value: number): this {
    this.#startAttribute(type, 4);
    this.#reserve(4);
    this.#size = this.#bytes.writeUInt32BE(value >>> 0, this.#size);
    return this;
  }

  /** With its terminating NUL. */
  attributeText(type: number, value: string): this {
    return this.attribute(type, Buffer.from(`${value}\0`));
  }

  nest(type: number, body: (writer: this) => void): this {
    const start = this.#size;
    this.#startAttribute(type | NESTED, 0);
    body(this);
    const size = this.#size - start;
    if (size > 0xffff) throw new RangeError(`a netlink attribute of ${size} bytes`);
    this.#bytes.writeUInt16LE(size, start);
    return this.#align();
  }

  /** Where the next byte goes. */
  get size(): number {
    return this.#size;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  #startAttribute(type: number, valueBytes: number): void {
    if (valueBytes > 0xffff - ATTRIBUTE_BYTES)
      throw new RangeError(`a netlink attribute of ${valueBytes} bytes`);
    this.u16(ATTRIBUTE_BYTES + valueBytes).u16(type);
  }

  /** Everything starts at a multiple of four; the gap is zero. */
  #align(): this {
    const gap = (4 - (this.#size % 4)) % 4;
    this.#reserve(gap);
    this.#bytes.fill(0, this.#size, this.#size + gap);
    this.#size += gap;
    return this;
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#size + more));
    this.#bytes.copy(grown, 0, 0, this.#size);
    this.#bytes = grown;
  }
}
