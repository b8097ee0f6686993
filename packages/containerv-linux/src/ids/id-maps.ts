import { ContainervError, type ContainerSpec, type IdMapping } from 'containerv-api';
import type { IdRun } from './id-ranges.js';

/** The maps of a user namespace. */
export interface IdMaps {
  /** Written to /proc/PID/uid_map; empty: no user namespace. */
  readonly uidMap: string;
  readonly gidMap: string;
  readonly denySetgroups: boolean;
}

/** The ids of a container, as start_init makes them. The maps are empty for a range of `idRuns`, too. */
export interface IdPlan extends IdMaps {
  /** By which a private range is taken; empty: none is. */
  readonly idFile: string;
  readonly idRuns: readonly IdRun[];
  /** Whether what is shown of the host is mounted so that owners are inside who they are on disk. */
  readonly mappedMounts: boolean;
}

/** Where private ranges come from. */
export interface PrivateIds {
  readonly file: string;
  readonly runs: readonly IdRun[];
}

export interface Caller {
  readonly uid: number;
  readonly gid: number;
  /** /proc/self/uid_map and gid_map. */
  readonly ownUids: string;
  readonly ownGids: string;
}

const NONE: Omit<IdPlan, 'uidMap' | 'gidMap'> = {
  denySetgroups: false,
  idFile: '',
  idRuns: [],
  mappedMounts: false,
};

/**
 * The id maps of the user namespace. `'auto'` gives a container made by root a range of ids of its own, or, when there
 * are no `ranges`, every id as it is, while capabilities hold inside only; anybody else gets the one id that the kernel
 * lets them have, as root.
 */
export function planIds(spec: ContainerSpec, caller: Caller, ranges: PrivateIds | undefined): IdPlan {
  const { uid, gid } = caller;
  if (!spec.namespaces.user) {
    if (uid !== 0) throw needsUserNamespace();
    return { ...NONE, uidMap: '', gidMap: '' };
  }
  if (uid !== 0) {
    if (choosesIds(spec)) return { ...NONE, ...ownMaps(caller) };
    return {
      ...NONE,
      uidMap: lines([ownId(spec.users, uid, 'users')]),
      gidMap: lines([ownId(spec.groups, gid, 'groups')]),
      denySetgroups: true,
    };
  }
  if (ranges !== undefined && choosesIds(spec)) {
    return { ...NONE, uidMap: '', gidMap: '', idFile: ranges.file, idRuns: ranges.runs, mappedMounts: true };
  }
  return {
    ...NONE,
    uidMap: spec.users === 'auto' ? identity(caller.ownUids) : lines(spec.users),
    gidMap: spec.groups === 'auto' ? identity(caller.ownGids) : lines(spec.groups),
    mappedMounts: moves(spec.users) || moves(spec.groups),
  };
}

/** Whoever this is, as root: all that the kernel lets anybody have. */
export function ownMaps({ uid, gid }: Caller): IdMaps {
  return { uidMap: `0 ${uid} 1\n`, gidMap: `0 ${gid} 1\n`, denySetgroups: true };
}

/** Whether the ids of a container are left to us. With one of the maps given, the other has ids as they are. */
export function choosesIds({ users, groups }: ContainerSpec): boolean {
  return users === 'auto' && groups === 'auto';
}

/** Whether a group id of the container exists on the host. */
export function mapsGroup(spec: ContainerSpec, uid: number, id: number): boolean {
  if (!spec.namespaces.user) return true;
  if (spec.groups !== 'auto') {
    return spec.groups.some(({ container, size }) => id >= container && id < container + size);
  }
  return uid === 0 || id === 0;
}

function moves(map: ContainerSpec['users']): boolean {
  return map !== 'auto' && map.some(({ container, host }) => container !== host);
}

/** Every id that this process has itself, as it is; only on the machine itself is that all of them. */
function identity(own: string): string {
  return own
    .split('\n')
    .flatMap((line) => {
      const [inside, , count] = line.trim().split(/\s+/);
      return inside === undefined || count === undefined ? [] : [`${inside} ${inside} ${count}\n`];
    })
    .join('');
}

function ownId(map: ContainerSpec['users'], id: number, option: string): IdMapping {
  if (map === 'auto') return { container: 0, host: id, size: 1 };
  const [only] = map;
  if (map.length === 1 && only !== undefined && only.host === id && only.size === 1) return only;
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Without root, \`${option}\` can map only host id ${id}`,
    {
      step: 'map ids',
      hint: `Leave \`${option}\` out, or run as root.`,
    },
  );
}

function lines(mappings: readonly IdMapping[]): string {
  return mappings.map(({ container, host, size }) => `${container} ${host} ${size}\n`).join('');
}

function needsUserNamespace(): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_PERMISSION',
    'Without root, a container needs a user namespace',
    {
      step: 'map ids',
      hint: 'Leave `namespaces.user` out, or run as root.',
    },
  );
}
