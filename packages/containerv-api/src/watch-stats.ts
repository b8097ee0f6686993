import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStats } from './container-stats.js';
import { isContainervError } from './errors.js';

/** Reads again and again until the signal fires or the container has ended. */
export async function* watchStats(
  read: () => Promise<ContainerStats>,
  { intervalMs, signal }: { readonly intervalMs: number; readonly signal: AbortSignal | undefined },
): AsyncGenerator<ContainerStats, void, undefined> {
  for (;;) {
    if (signal?.aborted === true) return;
    const startedAt = performance.now();
    let stats: ContainerStats;
    try {
      stats = await read();
    } catch (error) {
      // It was stopped or destroyed: that is the end of what there is to see.
      if (isContainervError(error) && error.code === 'ERR_CONTAINERV_STATE') return;
      throw error;
    }
    yield stats;
    const restMs = Math.max(0, intervalMs - (performance.now() - startedAt));
    try {
      await sleep(restMs, undefined, signal === undefined ? {} : { signal });
    } catch {
      return;
    }
  }
}
