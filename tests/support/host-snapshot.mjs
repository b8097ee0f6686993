// What containers could leave on a machine, as sorted lists of text that can be compared.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { without } from './multiset.mjs';

/**
 * @typedef {object} HostSnapshot
 * @property {string[]} processes of the suite that are not vitest's own
 * @property {string[]} mounts
 * @property {string[]} cgroups
 * @property {string[]} interfaces
 * @property {string[]} networks nftables tables and the records of containers on them
 * @property {string[]} files in the suite's temporary directory
 */

/**
 * @param {{ readonly reaper: number, readonly temporary: string } | undefined} suite the subreaper's process id and the
 * temporary directory; `undefined` before and after the suite, when there is neither
 * @returns {HostSnapshot}
 */
export function snapshotHost(suite) {
  return {
    processes: suite === undefined ? [] : strayProcesses(suite.reaper),
    mounts: mounts(),
    cgroups: cgroups(suite?.reaper),
    interfaces: readdirSync('/sys/class/net').sort(),
    networks: networks(),
    files: suite === undefined ? [] : readdirSync(suite.temporary).sort(),
  };
}

/**
 * @param {HostSnapshot} before @param {HostSnapshot} after
 * @returns {string[]} one line a difference; empty: all as it was
 */
export function differences(before, after) {
  const kinds = /** @type {(keyof HostSnapshot)[]} */ (Object.keys(before));
  return kinds.flatMap((kind) => [
    ...without(after[kind], before[kind]).map((line) => `${kind}: new: ${line}`),
    // A control group that has gone was somebody else's.
    ...(kind === 'cgroups' ? [] : without(before[kind], after[kind]).map((line) => `${kind}: gone: ${line}`)),
  ]);
}

/** Mount point, root, type, source and options; ids and the parent's id change with every mount. */
function mounts() {
  return (
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      // Those with this name are made, and removed, by a test that may run beside the one that looks.
      .filter((line) => line !== '' && !line.includes(' tmpfs containerv-test '))
      .map((line) => {
        const [, , , root, point, options, ...rest] = line.split(' ');
        return [point, root, options, ...rest.slice(rest.indexOf('-') + 1)].join(' ');
      })
      .sort()
  );
}

/** Without those that a test mounts for itself, which may run beside the one that looks. */
export function mountsBesideTests() {
  return mounts().filter((mount) => !mount.includes(' tmpfs containerv-test '));
}

/** Tables of every family, where there is a program that lists them, and what is in containers' place for networks. */
function networks() {
  // Anybody else can neither list them nor make them, and may not read root's place for them.
  if (process.getuid?.() !== 0) return [];
  const listed = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  const tables = listed.status === 0 ? listed.stdout.split('\n').filter(Boolean) : [];
  const place = '/run/containerv-network';
  const records =
    process.getuid?.() === 0 && existsSync(place) ? readdirSync(place).filter((name) => name !== 'lock') : [];
  return [...tables, ...records].sort();
}

/** @param {string | number} pid */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

/** @param {number} pid @param {number} ancestor */
function descendsFrom(pid, ancestor) {
  for (let at = pid; at > 1; at = parentOf(at)) if (at === ancestor) return true;
  return false;
}

/** @param {string} link */
function linkTarget(link) {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/**
 * Descendants of the reaper that are orphans, inits, in a pid namespace of their own, or one of the suite's programs.
 * @param {number} reaper
 */
function strayProcesses(reaper) {
  const run = process.env['CONTAINERV_TEST_RUN'] ?? '';
  const own = linkTarget('/proc/self/ns/pid');
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== reaper && descendsFrom(pid, reaper))
    .flatMap((pid) => {
      const stat = existsSync(`/proc/${pid}/stat`) ? tryRead(`/proc/${pid}/stat`) : '';
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const namespace = linkTarget(`/proc/${pid}/ns/pid`);
      const program = linkTarget(`/proc/${pid}/exe`) ?? '';
      // Vitest's main process is the reaper's only child of its own.
      const orphan = parentOf(pid) === reaper && !descendsFrom(process.pid, pid);
      const stray =
        orphan ||
        name === 'containerv-init' ||
        (namespace !== undefined && namespace !== own) ||
        program.startsWith(`${run}/`);
      return stray ? [`${pid} ${name}`] : [];
    })
    .sort();
}

/** @param {string} file */
function tryRead(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Groups below one called `containerv`. That parent itself stays when the last container is gone, empty, as one that
 * others may be about to use; what holds processes of somebody else is somebody else's container.
 * @param {number | undefined} reaper
 */
function cgroups(reaper) {
  return containerGroups().filter((directory) => !isForeign(directory, reaper));
}

/** Control groups of all containers, sorted. */
export function containerGroups() {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '/nowhere');
  return [...new Set(points)]
    .flatMap((point) => below(point, 0))
    .filter((directory) => /\/containerv[^/]*\/./.test(directory))
    .sort();
}

/** @param {string} directory @param {number | undefined} reaper */
function isForeign(directory, reaper) {
  const pids = tryRead(path.join(directory, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
  return pids.some((pid) => reaper === undefined || !descendsFrom(pid, reaper));
}

/** @param {string} directory @param {number} depth @returns {string[]} */
function below(directory, depth) {
  if (depth > 8) return [];
  /** @type {string[]} */
  let names = [];
  try {
    names = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => path.join(directory, name));
  } catch {
    // Gone meanwhile, or not for us to see.
  }
  return names.flatMap((name) => [name, ...below(name, depth + 1)]);
}
