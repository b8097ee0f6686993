import { basePolicies } from '../base/base-policies.js';
import type { FsAccess } from '../files/access.js';
import { type PathRule, mergePaths } from '../files/path-rule.js';

export interface GeneralisedPaths {
  /** System files, as the base policies have them. */
  readonly system: readonly PathRule[];
  readonly added: readonly PathRule[];
}

/** Everybody's, with names that differ from run to run. */
const scratch = ['/tmp', '/var/tmp', '/dev/shm', '/run/shm', '/dev/pts'];

/** As many in one directory stand for the directory. */
const crowd = 8;

/**
 * Rules that cover every use, and are the same for the next run:
 *
 * 1. what is below `workspace` becomes the workspace, with all that was done there;
 * 2. what is below a scratch directory (`/tmp`, ...) becomes that directory;
 * 3. what the system files of `minimal` and `network` cover becomes the entry that covers it (`/usr`, `/etc/hosts`, ...);
 * 4. everything else stays itself; more than eight in one directory become the directory, but never `/`;
 * 5. what another rule covers is left out.
 */
export function generalisePaths(used: readonly PathRule[], workspace: string | undefined): GeneralisedPaths {
  const system: PathRule[] = [];
  const others: PathRule[] = [];
  const shared = workspace === undefined || workspace === '/' ? scratch : [workspace, ...scratch];
  for (const { path, access } of used) {
    const common = shared.find((directory) => isBelow(path, directory));
    const known = common === undefined ? coveringEntry(path, access) : undefined;
    if (known === undefined) others.push({ path: common ?? path, access });
    else system.push(known);
  }
  const added = withoutCovered(gatherCrowds(mergePaths(others)));
  return { system: mergePaths(system), added };
}

export function isBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** Whether the rules allow it. Accesses add up over a path and the directories above it. */
export function permits(rules: readonly PathRule[], path: string, access: FsAccess): boolean {
  const granted = rules
    .filter((rule) => isBelow(path, rule.path))
    .reduce((all, rule) => all | rule.access, 0);
  return (access & ~granted) === 0;
}

function coveringEntry(path: string, access: FsAccess): PathRule | undefined {
  const entries = [...basePolicies.minimal.paths, ...basePolicies.network.paths];
  return entries.find((entry) => isBelow(path, entry.path) && (access & ~entry.access) === 0);
}

/** From the deepest directory up, so that what a directory becomes is counted in the one above. */
function gatherCrowds(rules: readonly PathRule[]): readonly PathRule[] {
  const depth = (path: string): number => path.split('/').length;
  let gathered = rules;
  const deepest = Math.max(0, ...rules.map(({ path }) => depth(path)));
  for (let level = deepest; level > 2; level--) {
    const siblings = groupByParent(gathered, level, depth);
    for (const [parent, inside] of siblings) {
      if (inside.length <= crowd) continue;
      const access = inside.reduce((all, rule) => all | rule.access, 0);
      gathered = mergePaths(
        gathered.filter((rule) => !inside.includes(rule)),
        [{ path: parent, access }],
      );
    }
  }
  return gathered;
}

function groupByParent(
  rules: readonly PathRule[],
  level: number,
  depth: (path: string) => number,
): ReadonlyMap<string, readonly PathRule[]> {
  const groups = new Map<string, PathRule[]>();
  for (const rule of rules.filter(({ path }) => depth(path) === level)) {
    const parent = rule.path.slice(0, rule.path.lastIndexOf('/'));
    groups.set(parent, [...(groups.get(parent) ?? []), rule]);
  }
  return groups;
}

function withoutCovered(rules: readonly PathRule[]): readonly PathRule[] {
  return rules.filter(
    (rule) =>
      !permits(
        rules.filter((other) => other !== rule),
        rule.path,
        rule.access,
      ),
  );
}
