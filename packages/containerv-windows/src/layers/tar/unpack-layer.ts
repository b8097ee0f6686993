import { type FileHandle, mkdir, open, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { layerError } from '../layer-error.js';
import { alternateStream, dataStream } from '../transport/backup-stream.js';
import { layerEntry, type LayerEntry } from './layer-entry.js';
import { readTar, type TarEntry } from './read-tar.js';

/** What ImportLayer does not take, and is to be done to the layer that it makes. */
export interface UnpackedLayer {
  /** Below `Files`. */
  readonly tombstones: readonly string[];
  /** Both from the layer's folder on. */
  readonly hardLinks: readonly { readonly path: string; readonly target: string }[];
}

const DIRECTORY = 0x10;

/**
 * Unpacks an OCI layer into an empty folder as ImportLayer takes it. Nothing in the folder is a link or has a name that
 * leads anywhere, whatever is in the layer: links are written as what they are to be.
 */
export async function unpackLayer(tar: string, folder: string): Promise<UnpackedLayer> {
  const unpacker = new Unpacker(tar, folder);
  for (const name of ['Files', 'Hives']) await mkdir(path.join(folder, name));
  try {
    for await (const entry of readTar(tar)) await unpacker.add(entry);
  } finally {
    await unpacker.finish();
  }
  return unpacker.unpacked();
}

class Unpacker {
  readonly #tar: string;
  readonly #folder: string;
  readonly #directories = new Set(['files', 'hives']);
  readonly #files = new Set<string>();
  readonly #tombstones: string[] = [];
  readonly #hardLinks: { path: string; target: string }[] = [];
  /** Kept open, because streams of it may follow. */
  #current: { readonly path: string; readonly handle: FileHandle; readonly modifiedAt: number } | undefined;

  constructor(tar: string, folder: string) {
    this.#tar = tar;
    this.#folder = folder;
  }

  async add(entry: TarEntry): Promise<void> {
    const layer = layerEntry(entry, this.#tar);
    if (layer === undefined) return;
    if (layer.kind === 'stream') {
      await this.#addStream(layer, entry);
      return;
    }
    await this.finish();
    if (layer.kind === 'tombstone') this.#tombstones.push(layer.path);
    else if (layer.kind === 'hard-link') this.#addHardLink(layer);
    else if (layer.kind === 'directory') await this.#addDirectory(layer, entry);
    else await this.#addFile(layer, entry);
  }

  async finish(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    await current.handle.close();
    await touch(path.join(this.#folder, current.path), current.modifiedAt);
  }

  unpacked(): UnpackedLayer {
    return { tombstones: this.#tombstones, hardLinks: this.#hardLinks };
  }

  async #addDirectory(
    { path: name, attributes, streams }: Extract<LayerEntry, { kind: 'file' | 'directory' | 'link' }>,
    { header }: TarEntry,
  ): Promise<void> {
    await this.#makeParents(name);
    const key = name.toLowerCase();
    if (!this.#directories.has(key)) await mkdir(path.join(this.#folder, name));
    this.#directories.add(key);
    await this.#describeDirectory(name, attributes, streams);
    await touch(path.join(this.#folder, `${name}.$wcidirs$`), header.modifiedAt);
  }

  async #describeDirectory(name: string, attributes: number, streams: Buffer): Promise<void> {
    await writeFile(path.join(this.#folder, `${name}.$wcidirs$`), Buffer.concat([word(attributes), streams]));
  }

  async #addFile(
    layer: Extract<LayerEntry, { kind: 'file' | 'directory' | 'link' | 'hive' }>,
    { header, content }: TarEntry,
  ): Promise<void> {
    await this.#makeParents(layer.path);
    if (this.#files.has(layer.path.toLowerCase())) throw this.#twice(layer.path);
    const handle = await this.#create(layer.path);
    this.#current = { path: layer.path, handle, modifiedAt: header.modifiedAt };
    this.#files.add(layer.path.toLowerCase());
    if (layer.kind !== 'hive') {
      await handle.writeFile(Buffer.concat([word(layer.attributes), layer.streams]));
      if (layer.kind === 'file') await handle.writeFile(dataStream(header.size));
    }
    if (layer.kind !== 'link') for await (const piece of content()) await handle.writeFile(piece);
  }

  async #create(name: string): Promise<FileHandle> {
    try {
      return await open(path.join(this.#folder, name), 'wx');
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? this.#twice(name) : error;
    }
  }

  async #addStream(
    { path: name, stream }: Extract<LayerEntry, { kind: 'stream' }>,
    { header, content }: TarEntry,
  ): Promise<void> {
    const current = this.#current;
    if (current?.path !== name) {
      throw layerError(`The layer has a stream of '${name}', and not after that file`, this.#tar);
    }
    await current.handle.writeFile(alternateStream(stream, header.size));
    for await (const piece of content()) await current.handle.writeFile(piece);
  }

  #addHardLink({ path: name, target }: Extract<LayerEntry, { kind: 'hard-link' }>): void {
    if (!this.#files.has(target.toLowerCase())) {
      throw layerError(`The layer links '${name}' to '${target}', which is not in it before`, this.#tar);
    }
    this.#hardLinks.push({ path: name, target });
  }

  /** Those that the layer does not tell of. */
  async #makeParents(name: string): Promise<void> {
    const parts = name.split('/').slice(0, -1);
    for (let length = 1; length <= parts.length; length++) {
      const parent = parts.slice(0, length).join('/');
      if (this.#directories.has(parent.toLowerCase())) continue;
      if (this.#files.has(parent.toLowerCase())) throw this.#twice(parent);
      await mkdir(path.join(this.#folder, parent));
      this.#directories.add(parent.toLowerCase());
      await this.#describeDirectory(parent, DIRECTORY, Buffer.alloc(0));
    }
  }

  #twice(name: string): Error {
    return layerError(`The layer has '${name}' twice`, this.#tar);
  }
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

async function touch(file: string, seconds: number): Promise<void> {
  if (Number.isFinite(seconds)) await utimes(file, seconds, seconds);
}
