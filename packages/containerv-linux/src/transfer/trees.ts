import type { TransferSpec } from 'containerv-api';
import type { Channel } from '../channel.js';
import type { Native, TransferCounts } from '../native.js';
import type { Progress } from './progress.js';
import { TransferAgent } from './transfer-agent.js';

const BYTES = 0;
const ENTRIES = 1;
const ABORTED = 2;

/** Copies all trees of a transfer on a pool thread, watched and stopped through shared memory. */
export async function copyTrees(
  native: Native,
  channel: Channel,
  direction: 'upload' | 'download',
  { trees, preserveOwner, signal }: TransferSpec,
  mappedMounts: boolean,
  progress: Progress,
): Promise<TransferCounts> {
  using agent = await TransferAgent.start(native, channel);
  const control = new BigUint64Array(3);
  const onAbort = (): void => {
    control[ABORTED] = 1n;
    agent.abandon();
  };
  progress.begin(() => ({ bytes: Number(control[BYTES]), entries: Number(control[ENTRIES]) }));
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
    signal?.removeEventListener('abort', onAbort);
  }
}
