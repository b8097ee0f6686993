import { ContainervError, type LimitName, type ResolvedLimits } from 'containerv-api';
import type { Guest } from './documents/guest.js';
import { updateMemoryRequest } from './documents/requests.js';
import type { SiloJobs } from './native/silo-jobs.js';
import type { HcsSystem } from './hcs/hcs-api.js';

const MIB = 1024 ** 2;

/**
 * Changes limits of a running system.
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for any that HCS cannot change; then none has changed.
 */
export async function updateLimits(
  system: HcsSystem,
  jobs: SiloJobs | undefined,
  { os, isolation, schema }: Guest,
  limits: ResolvedLimits,
): Promise<Partial<Record<LimitName, boolean>>> {
  const wanted = (Object.keys(limits.explicit) as LimitName[]).filter((name) => limits.explicit[name]);
  const other = wanted.find((name) => name !== 'memory' && name !== 'pids');
  if (other !== undefined) throw unsupported(`\`limits.${other}\` of a container that runs`);
  const shared = os === 'windows' && isolation === 'process';
  const { memory, pids } = limits.explicit;
  if (memory && (!shared || schema !== 'v2')) {
    throw unsupported('the memory of a virtual machine, or of a container in schema v1, while it runs');
  }
  if (memory && limits.memoryBytes === 'max') {
    throw unsupported("`limits.memory: 'max'` of a container that runs");
  }
  if (pids && (!shared || jobs === undefined)) {
    throw unsupported('`limits.pids` of a virtual machine while it runs');
  }
  const before = pids ? await jobs?.limitProcesses(system.id, limits.pids) : undefined;
  if (memory && limits.memoryBytes !== 'max') {
    try {
      await system.modify(updateMemoryRequest(Math.max(1, Math.floor(limits.memoryBytes / MIB))));
    } catch (error) {
      // All of them or none.
      if (before !== undefined) await jobs?.limitProcesses(system.id, before).catch(() => {});
      throw error;
    }
  }
  return { ...(memory ? { memory: true } : {}), ...(pids ? { pids: true } : {}) };
}

function unsupported(what: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `The Host Compute Service cannot change ${what}`, {
    step: 'update limits',
    hint: 'Create another container with the limits that it needs.',
  });
}
