import { ContainervError, type ContainerSpec, type IdMapping } from 'containerv-api';
import type { IdRun } from './id-ranges.js';
import type { IdSpan, SubordinateIds } from './subordinate-ids.js';

/** The maps of a user namespace. */
export interface IdMaps {
  /** Written to /proc/PID/uid_map; empty: no user namespace. */
  readonly uidMap: string;
  readonly gidMap: string;
  readonly denySetgroups: boolean;
  /** newuidmap(1) and newgidmap(1), for maps with ids that only those may write; empty: not needed. */
  readonly uidHelper: string;
  readonly gidHelper: string;
}

/** No user namespace. */
export const NO_MAPS: IdMaps = {
  uidMap: '',
  gidMap: '',
  denySetgroups: false,
  uidHelper: '',
  gidHelper: '',
};

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
  /** Of an ordinary user; `undefined`: none. */
  readonly subordinate?: SubordinateIds | undefined;
}

const NONE: IdPlan = {
  ...NO_MAPS,
  idFile: '',
  idRuns: [],
  mappedMounts: false,
};

/**
 * The id maps of the user namespace. `'auto'` gives a container made by root a range of ids of its own, or, when there
 * are no `ranges`, every id as it is, while capabilities hold inside only; anybody else gets their own id as root, and
 * behind it the ids of theirs in /etc/subuid and /etc/subgid.
 */
export function planIds(spec: ContainerSpec, caller: Caller, ranges: PrivateIds | undefined): IdPlan {
  const { uid } = caller;
  if (!spec.namespaces.user) {
    if (uid !== 0) throw needsUserNamespace();
    return NONE;
  }
  if (uid !== 0) return { ...NONE, ...mapsOfUser(spec, caller) };
  if (ranges !== undefined && choosesIds(spec)) {
    return { ...NONE, idFile: ranges.file, idRuns: ranges.runs, mappedMounts: true };
  }
  return {
    ...NONE,
    uidMap: spec.users === 'auto' ? identity(caller.ownUids) : lines(spec.users),
    gidMap: spec.groups === 'auto' ? identity(caller.ownGids) : lines(spec.groups),
    mappedMounts: moves(spec.users) || moves(spec.groups),
  };
}

/** Without root: whoever this is, as root, and the ids that an administrator gave them, if any. */
export function mapsOfUser(
  { users, groups }: Pick<ContainerSpec, 'users' | 'groups'>,
  { uid, gid, subordinate }: Caller,
): IdMaps {
  const uidMap = mappingsOf(users, uid, subordinate?.users ?? [], 'users');
  const gidMap = mappingsOf(groups, gid, subordinate?.groups ?? [], 'groups');
  // The kernel lets anybody map the one id that is theirs (user_namespaces(7)).
  const ownGroup = gidMap.length === 1;
  return {
    uidMap: lines(uidMap),
    gidMap: lines(gidMap),
    denySetgroups: ownGroup,
    uidHelper: uidMap.length === 1 ? '' : (subordinate?.newuidmap ?? ''),
    gidHelper: ownGroup ? '' : (subordinate?.newgidmap ?? ''),
  };
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

/** With the user's own id always among them: it is whose files the root is made of. */
function mappingsOf(
  map: ContainerSpec['users'],
  own: number,
  spans: readonly IdSpan[],
  option: 'users' | 'groups',
): readonly IdMapping[] {
  if (map !== 'auto') {
    const allowed = [{ first: own, size: 1 }, ...spans];
    const foreign = map.find(
      ({ host, size }) =>
        !allowed.some(({ first, size: most }) => host >= first && host + size <= first + most),
    );
    if (foreign !== undefined || !map.some(({ host }) => host === own))
      throw notOurs(foreign, own, spans, option);
    return map;
  }
  let container = 1;
  const subordinate = spans.map(({ first, size }) => {
    const mapping = { container, host: first, size };
    container += size;
    return mapping;
  });
  return [{ container: 0, host: own, size: 1 }, ...subordinate];
}

function notOurs(
  foreign: IdMapping | undefined,
  own: number,
  spans: readonly IdSpan[],
  option: 'users' | 'groups',
): ContainervError {
  const ranges = spans.map(({ first, size }) => `, ${first}-${first + size - 1}`).join('');
  const what =
    foreign === undefined
      ? `Without root, \`${option}\` has to map host id ${own}, which owns what the container is made of`
      : `Without root, \`${option}\` can map only host id ${own}${ranges}, not ${foreign.size} from ${foreign.host} on`;
  const file = option === 'users' ? '/etc/subuid' : '/etc/subgid';
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', what, {
    step: 'map ids',
    hint: `Leave \`${option}\` out, have ids given to this user in ${file} (see: containerv doctor), or run as root.`,
  });
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
