import { readFileSync } from 'node:fs';
import { release, userInfo } from 'node:os';
import path from 'node:path';
import type { ContainerSpec } from 'containerv-api';
import { native } from '../native.js';
import { liesOnHost } from '../plan/root-layers.js';
import { type BaseDirectories, ensurePrivateDirectory, SYSTEM_STATE } from '../state/directories.js';
import {
  type Caller,
  choosesIds,
  type IdMaps,
  type IdPlan,
  mapsOfUser,
  planIds,
  type PrivateIds,
} from './id-maps.js';
import { idRuns, type IdRun } from './id-ranges.js';
import { findSubordinateIds, type FoundSubordinateIds } from './subordinate-ids.js';

/** The first kernel whose overlayfs takes mapped mounts for layers. */
const MAPPED_LAYERS: readonly [number, number] = [5, 19];

const FSOPEN = 430;

/** The step in which a kernel or a file system turns out not to have mapped mounts. */
export const MAP_STEP = 'map file owners';

/** Paths on file systems that have no mapped mounts, as they turned out. */
const unmappable = new Set<string>();

/** Containers that show the same have the host's ids from now on, at once. */
export function rememberUnmappable(spec: ContainerSpec, base: BaseDirectories, shown: string): void {
  const known = sources(spec, base).find(
    (source) => source === '/' || shown === source || shown.startsWith(`${source}/`),
  );
  unmappable.add(known ?? shown);
}

/** The step in which newuidmap(1) or newgidmap(1) turns out not to write a map. */
export const SUBORDINATE_STEP = 'map subordinate ids';

/** Containers of this program have the one id from now on, where that is ours to decide. */
export function rememberRefused(program: string): void {
  caller = { ...whoWeAre(), subordinate: undefined };
  refusedBy = program;
}

let refusedBy: string | undefined;

/** With every id as it is on the host, where that is ours to decide. */
export function hostIds(spec: ContainerSpec): IdPlan {
  return planIds(spec, whoWeAre(), undefined);
}

export async function chooseIds(spec: ContainerSpec, base: BaseDirectories): Promise<IdPlan> {
  const caller = whoWeAre();
  const mayBePrivate =
    caller.uid === 0 &&
    spec.namespaces.user &&
    choosesIds(spec) &&
    mapsLayers() &&
    (unmappable.size === 0 || !sources(spec, base).some((source) => unmappable.has(source)));
  return planIds(spec, caller, mayBePrivate ? await privateIds(base) : undefined);
}

/** For people; `undefined` where there are no ids that were to be had. */
export function whyOneId(spec: ContainerSpec): string | undefined {
  if (refusedBy === undefined || !choosesIds(spec)) return undefined;
  return `${refusedBy} does not give this program the ids of /etc/subuid and /etc/subgid, as where no_new_privs is set`;
}

/** Why a container of root has the host's ids, for people; `undefined` where private ones were not to be had anyway. */
export function lackOfPrivateIds(
  spec: ContainerSpec,
  base: BaseDirectories,
): { readonly what: string; readonly fix: string } | undefined {
  if (whoWeAre().uid !== 0 || !spec.namespaces.user || !choosesIds(spec)) return undefined;
  const blocking = sources(spec, base).find((source) => unmappable.has(source));
  if (blocking !== undefined) {
    return {
      what: `this kernel has no idmapped mounts for the file system of ${blocking}`,
      fix:
        blocking === base.data
          ? 'export CONTAINERV_DATA_DIR=/path/on/ext4/xfs/or/btrfs'
          : 'Use a newer kernel, or a root on ext4, xfs or btrfs.',
    };
  }
  if (!mapsLayers()) {
    return {
      what: 'Linux 5.19 is the first with idmapped mounts below an overlay',
      fix: 'Upgrade to Linux 5.19 or newer.',
    };
  }
  return {
    what: 'there is no range of ids that this process may map and nobody else has',
    fix: 'export CONTAINERV_ID_RANGE=FIRST:COUNT   (of /proc/self/uid_map, 65536 or more)',
  };
}

/** What a container shows of the host, the more particular first. */
function sources({ root, mounts, writable }: ContainerSpec, base: BaseDirectories): string[] {
  return [
    ...(writable === 'overlay' ? [base.data] : []),
    ...mounts.flatMap((mount) => (mount.type === 'bind' ? [mount.source] : [])),
    ...(root.kind === 'layers' ? root.layers.map(({ source }) => source) : []),
    ...(root.kind === 'directory' ? [root.path] : []),
    ...(liesOnHost(root) ? ['/'] : []),
  ];
}

let maps: boolean | undefined;

function mapsLayers(): boolean {
  // Init attaches them by descriptor, from fsopen(2) on; a filter on this process may keep that from us.
  maps ??= kernelMapsLayers(release()) && native().hasSystemCall(FSOPEN);
  return maps;
}

export function kernelMapsLayers(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > MAPPED_LAYERS[0] || (major === MAPPED_LAYERS[0] && minor >= MAPPED_LAYERS[1]);
}

/** In which a process has the owners of a container's files for its own: for root those are the ids on the disk. */
export function workerMaps(): IdMaps | undefined {
  const own = whoWeAre();
  return own.uid === 0 ? undefined : mapsOfUser({ users: 'auto', groups: 'auto' }, own);
}

let caller: Caller | undefined;

function whoWeAre(): Caller {
  if (caller === undefined) {
    const uid = process.getuid?.() ?? 0;
    const found = uid === 0 ? undefined : subordinateIds();
    caller = {
      uid,
      gid: process.getgid?.() ?? 0,
      ownUids: textOf('/proc/self/uid_map'),
      ownGids: textOf('/proc/self/gid_map'),
      subordinate: found !== undefined && 'ids' in found ? found.ids : undefined,
    };
  }
  return caller;
}

/** Of this user. */
export function subordinateIds(): FoundSubordinateIds {
  const uid = process.getuid?.() ?? 0;
  return findSubordinateIds({
    uid,
    gid: process.getgid?.() ?? 0,
    name: userName() ?? String(uid),
    subuid: textOf('/etc/subuid'),
    subgid: textOf('/etc/subgid'),
  });
}

/** Some ids have no name. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

let runs: { readonly chosen: string | undefined; readonly runs: readonly IdRun[] } | undefined;

/** `undefined`: there are no ids to give. */
async function privateIds(base: BaseDirectories): Promise<PrivateIds | undefined> {
  const chosen = process.env['CONTAINERV_ID_RANGE'];
  if (runs === undefined || runs.chosen !== chosen) {
    const { ownUids, ownGids } = whoWeAre();
    const [subuid, subgid, passwd, group] = ['subuid', 'subgid', 'passwd', 'group'].map((name) =>
      textOf(`/etc/${name}`),
    ) as [string, string, string, string];
    runs = { chosen, runs: idRuns({ chosen, subuid, subgid, passwd, group, ownUids, ownGids }) };
  }
  if (runs.runs.length === 0) return undefined;
  return { file: path.join(await idDirectory(base), '.ids'), runs: runs.runs };
}

/**
 * Ids are the machine's, so programs whose containers are kept in different places share what says which are taken;
 * unless /run is not ours to write to, as in some containers.
 */
async function idDirectory(base: BaseDirectories): Promise<string> {
  try {
    await ensurePrivateDirectory(SYSTEM_STATE);
    return SYSTEM_STATE;
  } catch {
    return base.state;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
