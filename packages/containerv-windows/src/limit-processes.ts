import { type ContainerSpec, isContainervError } from 'containerv-api';
import type { Guest } from './documents/guest.js';
import type { SiloJobs } from './native/silo-jobs.js';

/**
 * Has the job of a container that shares the host's kernel hold its limit of processes; in a Linux container its control
 * group does, and in a virtual machine nothing.
 *
 * @returns whether it is held @throws ContainervError when it was asked for and is not
 */
export async function limitProcesses(
  jobs: SiloJobs | undefined,
  { id, limits }: Pick<ContainerSpec, 'id' | 'limits'>,
  { os, isolation }: Guest,
): Promise<boolean> {
  if (os === 'linux') return true;
  if (isolation !== 'process' || jobs === undefined || limits.pids === 'max') return false;
  try {
    await jobs.limitProcesses(id, limits.pids);
    return true;
  } catch (error) {
    // The default is held where it can be, and told when it is not.
    if (limits.explicit.pids || !isContainervError(error)) throw error;
    return false;
  }
}
