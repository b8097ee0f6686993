import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';

/** What has to be known of a cgroup v2 directory to put containers below it. */
export interface GroupProbe {
  /** Whether this user may make groups in it and move processes between them. */
  isDelegated(directory: string): boolean;
  /** Whether processes are directly in it: then it can hand no controllers down (cgroup-v2.rst, "No Internal Process"). */
  isOccupied(directory: string): boolean;
}

/**
 * The cgroup v2 directory that containers go below. Root has the whole hierarchy. Anybody else gets the nearest group
 * around their own that was delegated to them and has no processes of its own; a process may only be put into groups
 * that share such an ancestor with the group it comes from (cgroup-v2.rst, "Delegation Containment").
 */
export function groupForContainers(
  mount: string,
  own: string,
  privileged: boolean,
  probe: GroupProbe = hostProbe,
): string {
  if (privileged) return mount;
  for (let group = path.dirname(own); isWithin(mount, group); group = path.dirname(group)) {
    if (probe.isDelegated(group) && !probe.isOccupied(group)) return group;
  }
  return mount;
}

/**
 * The group of this process, when it was delegated and processes in it are all that keeps containers from going below.
 */
export function occupiedGroup(
  own: string,
  privileged: boolean,
  probe: GroupProbe = hostProbe,
): string | undefined {
  return !privileged && probe.isDelegated(own) ? own : undefined;
}

function isWithin(mount: string, group: string): boolean {
  return group === mount || group.startsWith(`${mount}/`);
}

const hostProbe: GroupProbe = {
  isDelegated: (directory) =>
    [directory, path.join(directory, 'cgroup.procs'), path.join(directory, 'cgroup.subtree_control')].every(
      isWritable,
    ),
  isOccupied: (directory) => {
    try {
      return readFileSync(path.join(directory, 'cgroup.procs'), 'utf8') !== '';
    } catch {
      return true;
    }
  },
};

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
