import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { layerError } from '../layer-error.js';
import { BLOCK, parsePax, parseTarHeader, type TarHeader } from './tar-header.js';

export interface TarEntry {
  readonly header: TarHeader;
  /** Of its pax header. */
  readonly pax: ReadonlyMap<string, string>;
  /** Its content, which has to be read, or not, before the next entry. */
  readonly content: () => AsyncGenerator<Buffer, void, undefined>;
}

const GZIP = 0x8b1f;
/** Names and pax headers are kept in memory. */
const MAX_META_BYTES = 4 * 1024 ** 2;

/** Entries of a tar file, gzipped or not. @throws ContainervError `ERR_CONTAINERV_LAYER` */
export async function* readTar(file: string): AsyncGenerator<TarEntry, void, undefined> {
  const source = await open(file);
  try {
    yield* entries(new Blocks(source, file), file);
  } finally {
    source.destroy();
  }
}

async function open(file: string): Promise<Readable> {
  let start = 0;
  for await (const chunk of createReadStream(file, { end: 1 })) {
    start = (chunk as Buffer).length === 2 ? (chunk as Buffer).readUInt16LE() : 0;
  }
  const raw = createReadStream(file);
  if (start !== GZIP) return raw;
  const plain = createGunzip();
  raw.once('error', (error) => plain.destroy(error));
  plain.once('close', () => raw.destroy());
  return raw.pipe(plain);
}

async function* entries(blocks: Blocks, file: string): AsyncGenerator<TarEntry, void, undefined> {
  let pax = new Map<string, string>();
  let longName: string | undefined;
  let longLink: string | undefined;
  for (;;) {
    const block = await blocks.take(BLOCK);
    const header = block === undefined ? undefined : parseTarHeader(block, file);
    if (header === undefined) return;
    if (['x', 'g', 'L', 'K'].includes(header.type)) {
      const data = await blocks.meta(header.size);
      if (header.type === 'L') longName = data.toString('utf8').replace(/\0.*$/s, '');
      else if (header.type === 'K') longLink = data.toString('utf8').replace(/\0.*$/s, '');
      // Global headers say nothing of single files that is looked at here.
      else if (header.type === 'x') pax = new Map([...pax, ...parsePax(data, file)]);
      continue;
    }
    const size = pax.has('size') ? Number(pax.get('size')) : header.size;
    if (!Number.isSafeInteger(size) || size < 0) throw layerError('The tar file is damaged', file);
    blocks.begin(size);
    yield {
      header: {
        ...header,
        size,
        name: pax.get('path') ?? longName ?? header.name,
        linkName: pax.get('linkpath') ?? longLink ?? header.linkName,
        modifiedAt: pax.has('mtime') ? Number(pax.get('mtime')) : header.modifiedAt,
      },
      pax,
      content: () => blocks.content(),
    };
    await blocks.skip();
    pax = new Map();
    longName = longLink = undefined;
  }
}

/** Bytes of a stream in the portions that a tar file has. */
class Blocks {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #file: string;
  #rest: Buffer = Buffer.alloc(0);
  #left = 0;
  #padding = 0;

  constructor(source: Readable, file: string) {
    this.#chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#file = file;
  }

  /** `undefined`: the file has ended before. */
  async take(length: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const piece = await this.#some(missing);
      if (piece === undefined && missing === length) return undefined;
      if (piece === undefined) throw layerError('The tar file ends too early', this.#file);
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async meta(size: number): Promise<Buffer> {
    if (size > MAX_META_BYTES) throw layerError('The tar file is damaged', this.#file);
    const data = await this.take(size + padding(size));
    if (data === undefined && size > 0) throw layerError('The tar file ends too early', this.#file);
    return (data ?? Buffer.alloc(0)).subarray(0, size);
  }

  begin(size: number): void {
    this.#left = size;
    this.#padding = padding(size);
  }

  async *content(): AsyncGenerator<Buffer, void, undefined> {
    while (this.#left > 0) {
      const piece = await this.#some(this.#left);
      if (piece === undefined) throw layerError('The tar file ends too early', this.#file);
      this.#left -= piece.length;
      yield piece;
    }
  }

  async skip(): Promise<void> {
    this.#left += this.#padding;
    this.#padding = 0;
    while (this.#left > 0) {
      const piece = await this.#some(this.#left);
      if (piece === undefined) throw layerError('The tar file ends too early', this.#file);
      this.#left -= piece.length;
    }
  }

  async #some(most: number): Promise<Buffer | undefined> {
    if (this.#rest.length === 0) {
      const { value, done } = await this.#next();
      if (done === true) return undefined;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async #next(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#chunks.next();
    } catch (cause) {
      throw layerError('The tar file cannot be read', this.#file, undefined, cause);
    }
  }
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
