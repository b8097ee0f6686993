const SHORT = 64;

/** Builds one message of the control protocol (`native/common/protocol.h`), or without a header a part of one. */
export class WireWriter {
  // Small enough to come out of Node's pool.
  #bytes = Buffer.allocUnsafe(2048);
  #size = 0;

  constructor(...header: readonly [type: number, request: number] | readonly []) {
    for (const field of header) this.u32(field);
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#size = this.#bytes.writeUInt32LE(value >>> 0, this.#size);
    return this;
  }

  u64(value: number | bigint): this {
    this.#reserve(8);
    this.#size = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), this.#size);
    return this;
  }

  /** With its terminating NUL, so that init uses it in place. Must not contain another. */
  text(value: string): this {
    if (value.length <= SHORT && this.#ascii(value)) return this;
    const size = Buffer.byteLength(value);
    this.u32(size + 1);
    this.#reserve(size + 1);
    this.#bytes.write(value, this.#size);
    this.#size += size;
    this.#bytes[this.#size++] = 0;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
    return this;
  }

  list<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.u32(items.length);
    for (const item of items) write(item);
    return this;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  /** Nearly all are short and ASCII: two calls out of JavaScript less. `false`: it is not, and nothing is written. */
  #ascii(value: string): boolean {
    this.#reserve(value.length + 5);
    const bytes = this.#bytes;
    let at = this.#size + 4;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    bytes[at] = 0;
    this.u32(value.length + 1);
    this.#size = at + 1;
    return true;
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#size + more));
    this.#bytes.copy(grown, 0, 0, this.#size);
    this.#bytes = grown;
  }
}

/** Reads the fields of one message; throws a RangeError past its end. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  u64(): number {
    const value = this.#bytes.readBigUInt64LE(this.#at);
    this.#at += 8;
    return Number(value);
  }

  /** A copy: the message's memory is used again. */
  bytes(): Buffer {
    const size = this.u32();
    if (this.#at + size > this.#bytes.length) throw new RangeError('bytes exceed their message');
    const value = Buffer.from(this.#bytes.subarray(this.#at, this.#at + size));
    this.#at += size;
    return value;
  }

  text(): string {
    const size = this.u32();
    if (size === 0 || this.#at + size > this.#bytes.length) throw new RangeError('text exceeds its message');
    const value = this.#bytes.toString('utf8', this.#at, this.#at + size - 1);
    this.#at += size;
    return value;
  }
}
