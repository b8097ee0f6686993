import { createReadStream, createWriteStream, fstatSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ContentTransfer, ContainervError } from 'containerv-api';
import type { Channel } from '../channel.js';
import type { Native, OpenedTransfer } from '../native.js';
import { transferFailure } from './failure.js';
import type { Progress } from './progress.js';
import { TransferAgent } from './transfer-agent.js';

const FILE_MODE = 0o644;

/** One copy between memory and a file of the container. @returns its bytes */
export async function copyContent(
  native: Native,
  channel: Channel,
  { from, to }: ContentTransfer,
  signal: AbortSignal | undefined,
  progress: Progress,
): Promise<number> {
  using agent = await TransferAgent.start(native, channel);
  // Awaited here: the agent ends with this function.
  if (typeof to === 'string')
    return await write(native, agent, from as Uint8Array | Readable, to, signal, progress);
  return await read(native, agent, from as string, to, signal, progress);
}

/** Nobody inside sees the file until all of it is there. */
async function write(
  native: Native,
  agent: TransferAgent,
  from: Uint8Array | Readable,
  to: string,
  signal: AbortSignal | undefined,
  progress: Progress,
): Promise<number> {
  const { fd } = check(await native.openTransfer(agent.socket, to, true), 'upload', to);
  const file = createWriteStream('', { fd });
  let entries = 0;
  progress.begin(() => ({ bytes: file.bytesWritten, entries }));
  await pipeline(from instanceof Uint8Array ? [from] : from, file, signal === undefined ? {} : { signal });
  check(await native.commitTransfer(agent.socket, FILE_MODE, Math.floor(Date.now() / 1000)), 'upload', to);
  entries = 1;
  return file.bytesWritten;
}

/** As much as the file held when it was opened: one that grows without end has an end here. */
async function read(
  native: Native,
  agent: TransferAgent,
  from: string,
  to: Uint8Array | Writable,
  signal: AbortSignal | undefined,
  progress: Progress,
): Promise<number> {
  const { fd } = check(await native.openTransfer(agent.socket, from, false), 'download', from);
  const { size } = fstatSync(fd);
  const fits = !(to instanceof Uint8Array) || size <= to.length;
  // `end` is inclusive, so that nothing of an empty file cannot be said.
  const file = createReadStream('', { fd, end: Math.max(0, size - 1) });
  if (!fits) {
    file.destroy();
    throw new ContainervError('ERR_CONTAINERV_INVALID_OPTION', 'The buffer is too small for', {
      step: 'download',
      path: from,
      hint: `The file has ${size} bytes.`,
    });
  }
  let entries = 0;
  progress.begin(() => ({ bytes: file.bytesRead, entries }));
  if (!(to instanceof Uint8Array)) {
    await pipeline(file, to, signal === undefined ? {} : { signal });
    entries = 1;
    return file.bytesRead;
  }
  let filled = 0;
  await pipeline(
    file,
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        const kept = chunk.subarray(0, to.length - filled);
        to.set(kept, filled);
        filled += kept.length;
      }
    },
    signal === undefined ? {} : { signal },
  );
  entries = 1;
  return filled;
}

function check(opened: OpenedTransfer, step: 'upload' | 'download', path: string): OpenedTransfer {
  if (opened.errno === 0) return opened;
  throw transferFailure({ step, syscall: opened.syscall, errno: opened.errno, path });
}
