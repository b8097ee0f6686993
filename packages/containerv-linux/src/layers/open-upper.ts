import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ContainervError, type EnforcedIds } from 'containerv-api';
import { type Channel, refusalError } from '../channel.js';
import type { Native } from '../native.js';
import { MessageType } from '../protocol.js';
import { failureOf, systemError } from '../system-error.js';
import { WireWriter } from '../wire.js';
import type { WritableLayer } from './writable-layer.js';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** What a container wrote, and how to come to it. */
export interface WrittenLayer {
  readonly id: string;
  readonly layer: WritableLayer;
  /** To its init; `undefined` unless it runs. */
  readonly channel: Channel | undefined;
  /** `undefined`: it has no user namespace. */
  readonly ids: EnforcedIds | undefined;
}

export interface OpenUpper extends AsyncDisposable {
  readonly fd: number;
  /** Of its files, when they are not those of a layer. */
  readonly owners: Pick<EnforcedIds, 'users' | 'groups'>;
}

const AS_THEY_ARE: OpenUpper['owners'] = { users: [], groups: [] };

/** Opens the directory with a container's changes: on the disk, or where only its init comes to. */
export async function openUpper(native: Native, written: WrittenLayer, step: string): Promise<OpenUpper> {
  const { upper } = written.layer;
  if (upper === null) return openMemory(native, written, step);
  try {
    const handle = await open(upper, DIRECTORY);
    return { fd: handle.fd, owners: AS_THEY_ARE, [Symbol.asyncDispose]: async () => handle.close() };
  } catch (cause) {
    const failure = failureOf(cause, step);
    throw failure === undefined ? cause : systemError(failure, { what: 'Cannot open a layer:', cause });
  }
}

async function openMemory(
  native: Native,
  { id, channel, ids }: WrittenLayer,
  step: string,
): Promise<OpenUpper> {
  if (channel === undefined) {
    throw new ContainervError(
      'ERR_CONTAINERV_STATE',
      `Cannot ${step}: what container '${id}' wrote to memory went with its processes`,
      { step, hint: "With `writable: 'overlay'`, the default, it stays until the container is destroyed." },
    );
  }
  const memory = await receiveMemory(channel);
  try {
    const handle = await open(`/proc/self/fd/${memory}/upper`, DIRECTORY);
    return {
      fd: handle.fd,
      // Its own range of ids, which mounts of layers map and memory has not.
      owners: ids?.mappedMounts === true ? ids : AS_THEY_ARE,
      [Symbol.asyncDispose]: async () => handle.close(),
    };
  } catch (cause) {
    const failure = failureOf(cause, step);
    throw failure === undefined
      ? cause
      : systemError({ ...failure, path: 'upper' }, { what: 'Cannot open a layer in memory:', cause });
  } finally {
    native.close(memory);
  }
}

async function receiveMemory(channel: Channel): Promise<number> {
  try {
    const { fds } = await channel.call((request) => new WireWriter(MessageType.OpenMemory, request));
    const [memory] = fds;
    if (memory !== undefined) return memory;
  } catch (error) {
    throw refusalError(error);
  }
  throw new ContainervError('ERR_CONTAINERV_PROTOCOL', 'The container gave no descriptor of its memory');
}

/** As `LayerOwners` of `native/init/layer_owners.h` reads them. */
export function writeOwners(writer: WireWriter, { users, groups }: OpenUpper['owners']): WireWriter {
  for (const maps of [users, groups])
    writer.list(maps, ({ host, container, size }) => writer.u32(container).u32(host).u32(size));
  return writer;
}
