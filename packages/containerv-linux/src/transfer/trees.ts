import type { TransferSpec } from 'containerv-api';
import type { Channel } from '../channel.js';
import type { Native, TransferCounts } from '../native.js';
import { TransferAgent } from './transfer-agent.js';

const PROGRESS_INTERVAL_MS = 100;
const BYTES = 0;
const ENTRIES = 1;
const ABORTED = 2;

/** Copies all trees of a transfer on a pool thread, watched and stopped through shared memory. */
export async function copyTrees(
  native: Native,
  channel: Channel,
  direction: 'upload' | 'download',
  { trees, preserveOwner, signal, onProgress }: TransferSpec,
  mappedMounts: boolean,
): Promise<TransferCounts> {
  using agent = await TransferAgent.start(native, channel);
  const control = new BigUint64Array(3);
  const onAbort = (): void => {
    control[ABORTED] = 1n;
    agent.abandon();
  };
  const progress = (): void =>
    onProgress?.({ bytes: Number(control[BYTES]), entries: Number(control[ENTRIES]) });
  const timer = onProgress === undefined ? undefined : setInterval(progress, PROGRESS_INTERVAL_MS);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    // Only root can give files away on the host.
    const kept = preserveOwner && (direction === 'upload' || process.geteuid?.() === 0);
    const owners = kept ? (mappedMounts ? 'same' : 'mapped') : 'none';
    return await native[direction === 'upload' ? 'uploadTrees' : 'downloadTrees'](
      agent.socket,
      trees,
      owners,
      control,
    );
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', onAbort);
    progress();
  }
}
