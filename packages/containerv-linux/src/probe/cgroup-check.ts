import type { Enforced, HostCheck } from 'containerv-api';
import type { CgroupHierarchies, UnifiedHierarchy } from '../cgroup/hierarchy.js';
import { isUnified } from '../cgroup/plan-v2.js';
import type { HostFiles } from './host-files.js';

const NAME = 'control groups';
/** Those of the default limits, each with the limit that takes it. */
const NEEDED = [
  ['memory', 'memory'],
  ['cpu', 'cpuWeight'],
  ['pids', 'pids'],
] as const;
const FURTHER = ['cpuset', 'io', 'hugetlb'] as const;

/** What a container without options was seen to have; `undefined`: there was none. */
export type Seen = Pick<Enforced, 'cgroup' | 'limits'> | undefined;

/** Whether the default limits hold, by what a container has got of them, and otherwise what keeps them from it. */
export function checkCgroup(host: HostFiles, hierarchies: CgroupHierarchies, seen: Seen): HostCheck {
  const { v1, v2 } = hierarchies;
  const unified = isUnified(hierarchies) ? hierarchies.v2 : undefined;
  const has = (name: string): boolean =>
    unified === undefined ? v1.has(name === 'io' ? 'blkio' : name) : unified.controllers.includes(name);
  const found = NEEDED.map(([controller]) => controller).filter(has);
  const version =
    unified !== undefined ? 'v2' : v1.size === 0 ? 'none' : v2 === undefined ? 'v1' : 'v1 and v2 (hybrid)';
  const degraded = (what: string, fix: string): HostCheck => ({
    name: NAME,
    status: 'degraded',
    detail: `${version}, ${what}`,
    fix,
  });
  if (found.length < NEEDED.length) {
    const lacking = NEEDED.map(([controller]) => controller).filter((name) => !found.includes(name));
    return degraded(
      `without ${lacking.join(', ')}: those limits cannot be enforced, and asking for one is an error.`,
      unified === undefined ? missingHierarchy(host, v1, lacking) : missingController(host),
    );
  }
  const missing = NEEDED.filter(([, limit]) => seen?.limits[limit] === false).map(([name]) => name);
  if (host.uid !== 0 && (missing.length > 0 || (seen === undefined && unified?.parent === unified?.mount))) {
    return degraded(
      'but not for this user: the default limits do not hold, and asking for one is an error.',
      unified === undefined
        ? 'Run as root for limits, or boot with systemd.unified_cgroup_hierarchy=1.'
        : delegate(host, unified),
    );
  }
  if (missing.length > 0) {
    return degraded(
      `but ${missing.join(', ')} cannot be handed to a container here: those limits cannot be enforced.`,
      handDown(host, seen, unified),
    );
  }
  const further = FURTHER.filter(has);
  const where = host.uid === 0 || unified === undefined ? '' : `, delegated below ${unified.parent}`;
  return { name: NAME, status: 'ok', detail: `${version}${where}: ${[...found, ...further].join(', ')}` };
}

/** v1: a controller that is there can be mounted; one that was switched off at boot cannot. */
function missingHierarchy(host: HostFiles, v1: CgroupHierarchies['v1'], lacking: readonly string[]): string {
  if (v1.size === 0) return 'sudo mount -t cgroup2 none /sys/fs/cgroup';
  const table = host.read('/proc/cgroups') ?? '';
  const enabled = (name: string): string | undefined =>
    new RegExp(`^${name}\\s+\\d+\\s+\\d+\\s+([01])$`, 'm').exec(table)?.[1];
  const off = lacking.filter((name) => enabled(name) === '0');
  if (off.length > 0) return `Boot with ${off.map((name) => `cgroup_enable=${name}`).join(' ')}.`;
  const absent = lacking.filter((name) => enabled(name) === undefined);
  if (absent.length > 0) return `Use a kernel that has ${absent.join(' and ')}.`;
  return lacking
    .map((name) => `/sys/fs/cgroup/${name}`)
    .map((at, index) => `sudo mkdir -p ${at} && sudo mount -t cgroup -o ${lacking[index]} cgroup ${at}`)
    .join(' && ');
}

function missingController({ uid }: HostFiles): string {
  return uid === 0
    ? 'Boot with cgroup_enable=memory.'
    : "Have systemd delegate more: sudo systemctl edit user@.service, with '[Service]' and 'Delegate=cpu cpuset io memory pids', and log in again.";
}

/** v2, as an ordinary user. */
function delegate(host: HostFiles, { mount, parent, occupied }: UnifiedHierarchy): string {
  if (parent !== mount) return handDownIn(parent);
  if (occupied !== undefined) return `${emptied(occupied)}   (this group is yours, but has processes in it)`;
  if (host.exists('/run/systemd/system'))
    return 'Start this program in a group that is delegated to you: systemd-run --user --scope -p Delegate=yes COMMAND';
  const group = `${mount}/user-${host.uid}`;
  return (
    `sudo sh -c 'echo "+cpu +memory +pids" > ${mount}/cgroup.subtree_control; mkdir -p ${group}/main && ` +
    `chown -R ${host.uid} ${group} && echo '$$' > ${group}/main/cgroup.procs'   (this shell is then in it)`
  );
}

/** Root, mostly that of somebody's container. */
function handDown(host: HostFiles, seen: Seen, unified: UnifiedHierarchy | undefined): string {
  if (seen?.cgroup === false)
    return 'Let the surrounding container write to /sys/fs/cgroup: docker run --privileged --cgroupns=private';
  if (unified === undefined) return 'See what the files of the group around this program have.';
  return (host.read(`${unified.parent}/cgroup.procs`) ?? '') === ''
    ? handDownIn(unified.parent)
    : emptied(unified.parent);
}

function handDownIn(group: string): string {
  return `echo "+cpu +memory +pids" > ${group}/cgroup.subtree_control   (and in each above it)`;
}

/** A group with processes of its own hands no controllers down (cgroup-v2.rst, "No Internal Process Constraint"). */
function emptied(group: string): string {
  return `mkdir -p ${group}/main && for pid in $(cat ${group}/cgroup.procs); do echo $pid > ${group}/main/cgroup.procs || :; done 2>/dev/null`;
}
