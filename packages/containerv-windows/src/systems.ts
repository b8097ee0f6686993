import { setTimeout as sleep } from 'node:timers/promises';
import { ContainervError } from 'containerv-api';
import { deadlines } from './hcs/deadlines.js';
import type { HcsSystem } from './hcs/hcs-api.js';

/** Whether it ended within this time. */
export async function endsWithin(system: Pick<HcsSystem, 'exited'>, ms: number): Promise<boolean> {
  const waiting = new AbortController();
  const timer = sleep(ms, false, { signal: waiting.signal }).catch(() => false);
  const ended = await Promise.race([system.exited.then(() => true), timer]);
  waiting.abort();
  return ended;
}

/** Ends a system by force and gives its handle up, once it really is gone: what it used can be taken away only then. */
export async function endSystem(system: HcsSystem): Promise<void> {
  try {
    await system.terminate();
    if (await endsWithin(system, deadlines().operationMs)) return;
    throw new ContainervError('ERR_CONTAINERV_TIMEOUT', `The compute system '${system.id}' does not end`, {
      step: 'terminate container',
      hint: 'Look at the service: Get-Service vmcompute',
    });
  } finally {
    await system.close();
  }
}
