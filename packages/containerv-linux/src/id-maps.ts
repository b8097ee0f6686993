import { ContainervError, type ContainerSpec, type IdMapping } from 'containerv-api';

/** What start_init writes below /proc/PID. */
export interface IdMapFiles {
  /** Empty: no user namespace. */
  readonly uidMap: string;
  readonly gidMap: string;
  readonly denySetgroups: boolean;
}

/** All ids but the last, which means "none" (user_namespaces(7)). */
const EVERYTHING: IdMapping = { container: 0, host: 0, size: 2 ** 32 - 1 };

/**
 * The id maps of the user namespace. `'auto'` gives root every id as it is, so that files keep their owners while
 * capabilities hold inside only; anybody else gets the one id that the kernel lets them have, as root.
 */
export function idMapFiles(spec: ContainerSpec, uid: number, gid: number): IdMapFiles {
  if (!spec.namespaces.user) {
    if (uid !== 0) throw needsUserNamespace();
    return { uidMap: '', gidMap: '', denySetgroups: false };
  }
  if (uid === 0) {
    return {
      uidMap: lines(spec.users === 'auto' ? [EVERYTHING] : spec.users),
      gidMap: lines(spec.groups === 'auto' ? [EVERYTHING] : spec.groups),
      denySetgroups: false,
    };
  }
  return {
    uidMap: lines([ownId(spec.users, uid, 'users')]),
    gidMap: lines([ownId(spec.groups, gid, 'groups')]),
    denySetgroups: true,
  };
}

/** Whether a group id of the container exists on the host. */
export function mapsGroup(spec: ContainerSpec, uid: number, id: number): boolean {
  if (!spec.namespaces.user) return true;
  if (spec.groups !== 'auto') {
    return spec.groups.some(({ container, size }) => id >= container && id < container + size);
  }
  return uid === 0 || id === 0;
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
