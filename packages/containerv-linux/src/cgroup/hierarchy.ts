import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { groupForContainers, occupiedGroup } from './delegation.js';

/** The control group hierarchies of this machine, as seen from this process. */
export interface CgroupHierarchies {
  /** v1 controllers, and the directory of our own group in each. */
  readonly v1: ReadonlyMap<string, string>;
  /** `undefined`: it is not mounted, or our own group is not in the part that is. */
  readonly v2: UnifiedHierarchy | undefined;
}

/** The v2 hierarchy. */
export interface UnifiedHierarchy {
  readonly mount: string;
  /** The group that containers go below. */
  readonly parent: string;
  /** What that group can hand down. */
  readonly controllers: readonly string[];
  /** Our own group, when it is delegated to us and has us in it. */
  readonly occupied: string | undefined;
}

/** What has to be known of directories to tell where the groups of this process are. */
export interface HierarchyProbe {
  /** Whether a group is there: another mount, as inside of some containers, may hide those that mountinfo lists. */
  isGroup(directory: string): boolean;
  /** What is in its `cgroup.controllers`. */
  readControllers(directory: string): readonly string[];
  /** The group that containers go below. */
  findParent(mount: string, own: string): string;
  /** The group of this process, if it was delegated. */
  findOccupied(own: string): string | undefined;
}

/** @param mountinfo /proc/self/mountinfo @param membership /proc/self/cgroup (cgroups(7)) */
export function parseHierarchies(
  mountinfo: string,
  membership: string,
  probe: HierarchyProbe,
): CgroupHierarchies {
  const paths = new Map<string, string>();
  for (const line of membership.split('\n')) {
    const [, controllers, ...rest] = line.split(':');
    if (controllers === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, rest.join(':'));
  }
  const v1 = new Map<string, string>();
  let v2: CgroupHierarchies['v2'];
  for (const line of mountinfo.split('\n')) {
    const mount = parseMount(line);
    if (mount?.type === 'cgroup2' && v2 === undefined) {
      const own = below(mount, paths.get(''));
      if (own === undefined || !probe.isGroup(mount.point)) continue;
      const parent = probe.findParent(mount.point, own);
      const controllers = probe.readControllers(parent);
      v2 = { mount: mount.point, parent, controllers, occupied: probe.findOccupied(own) };
    } else if (mount?.type === 'cgroup') {
      for (const option of mount.options) {
        const own = below(mount, paths.get(option));
        if (own !== undefined && !v1.has(option) && probe.isGroup(own)) v1.set(option, own);
      }
    }
  }
  return { v1, v2 };
}

/** What a group of v2 can hand down. */
export function controllersOf(directory: string): readonly string[] {
  return readFileSync(path.join(directory, 'cgroup.controllers'), 'utf8').split(/\s+/).filter(Boolean);
}

export function readHierarchies(): CgroupHierarchies {
  const privileged = process.getuid?.() === 0;
  return parseHierarchies(
    readFileSync('/proc/self/mountinfo', 'utf8'),
    readFileSync('/proc/self/cgroup', 'utf8'),
    {
      isGroup: (directory) => existsSync(path.join(directory, 'cgroup.procs')),
      readControllers: controllersOf,
      findParent: (mount, own) => groupForContainers(mount, own, privileged),
      findOccupied: (own) => occupiedGroup(own, privileged),
    },
  );
}

interface CgroupMount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** One line of mountinfo (proc_pid_mountinfo(5)): optional fields end at a lone hyphen. */
function parseMount(line: string): CgroupMount | undefined {
  const [before, after] = line.split(' - ', 2);
  const [, , , root, point] = before?.split(' ') ?? [];
  const [type, , options] = after?.split(' ') ?? [];
  if (root === undefined || point === undefined || type === undefined) return undefined;
  return { root: unescape(root), point: unescape(point), type, options: options?.split(',') ?? [] };
}

/**
 * The directory of our group under a mount, which may show only a part of the hierarchy. `undefined` when our group is
 * not in that part: its top would be somebody else's group, and limits on us would not hold there.
 */
function below({ root, point }: CgroupMount, group: string | undefined): string | undefined {
  if (group === undefined) return undefined;
  if (root === '/') return path.join(point, group);
  if (group === root) return point;
  return group.startsWith(`${root}/`) ? path.join(point, group.slice(root.length)) : undefined;
}

/** mountinfo writes blanks and backslashes in a path as \ooo. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}
