import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ContainervError } from 'containerv-api';
import { failureOf, systemError } from '../system-error.js';
import type { Native } from '../native.js';
import type { LowerLayer, WritableLayer } from './writable-layer.js';

/** `kMaxLowerDirectories` of protocol.h. */
const MAX_LOWER = 8192;

export interface OpenLayers extends AsyncDisposable {
  /** Of all parts, in their order. */
  readonly lower: readonly number[];
  /** How many of {@link lower} each part has. */
  readonly parts: readonly { readonly path: string; readonly lower: number }[];
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Opens the directories that lie below a container's writable layer. A layer that has no such part is left out. */
export async function openLayers(native: Native, layer: WritableLayer, step: string): Promise<OpenLayers> {
  const handles: FileHandle[] = [];
  const images: number[] = [];
  const close = async (): Promise<void> => {
    for (const image of images) native.close(image);
    await Promise.all(handles.map(async (handle) => handle.close()));
  };
  const take = async (directory: string): Promise<number> => {
    const handle = await open(directory, DIRECTORY);
    handles.push(handle);
    return handle.fd;
  };
  const takeLayer = async ({ path, image }: LowerLayer): Promise<number> => {
    if (!image) return take(path);
    const fd = await native.mountImage(path);
    images.push(fd);
    return fd;
  };
  try {
    const lower: number[] = [];
    const parts: { path: string; lower: number }[] = [];
    for (const part of layer.parts) {
      let count = 0;
      for (const directory of part.lower) {
        const fd = await takeLayer(directory).catch((error: unknown) => missing(error, part.path));
        if (fd === undefined) continue;
        lower.push(fd);
        count++;
      }
      parts.push({ path: part.path, lower: count });
    }
    if (lower.length > MAX_LOWER) throw tooMany(step);
    return { lower, parts, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    const failure = failureOf(error, step);
    throw failure === undefined
      ? error
      : systemError(failure, { what: 'Cannot open a layer:', cause: error });
  }
}

/** Only the layers of a system directory need not all have it. */
function missing(error: unknown, part: string): undefined {
  if (part !== '' && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

function tooMany(step: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Changes can be listed over at most ${MAX_LOWER} directories of layers`,
    { step },
  );
}
