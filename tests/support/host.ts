import { readdirSync, readFileSync } from 'node:fs';
import { type Container, listContainers } from 'containerv-linux';

/** The container's init as the host numbers it. */
export async function initPid({ id }: Container): Promise<number> {
  const pid = (await listContainers()).find((info) => info.id === id)?.initPid;
  if (pid === undefined || pid === null) throw new Error(`${id} does not run`);
  return pid;
}

/** The process and all that descend from it, as the host numbers them. */
export function familyOf(ancestor: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0)
      .map((pid) => [pid, parentOf(pid)]),
  );
  const family = [ancestor];
  for (const member of family) {
    for (const [pid, parent] of parents) if (parent === member) family.push(pid);
  }
  return family;
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

/** Neither running nor waiting to be reaped. */
export function isGone(pid: number): boolean {
  try {
    readFileSync(`/proc/${pid}/stat`);
    return false;
  } catch {
    return true;
  }
}
