import type { HostCheck } from 'containerv-api';
import type { FoundSubordinateIds, IdSpan } from '../ids/subordinate-ids.js';

const NAME = 'ids of users';

/** @param refused - why the programs that map them would not, as it turned out */
export function checkSubordinateIds(found: FoundSubordinateIds, refused: string | undefined): HostCheck {
  const degraded = (why: string, fix: string): HostCheck => ({
    name: NAME,
    status: 'degraded',
    detail: `A container has no user but its root, because ${why}.`,
    fix,
  });
  if ('lack' in found) return degraded(found.lack.what, found.lack.fix);
  if (refused !== undefined) {
    return degraded(
      refused,
      'Start this program without no_new_privs (in a unit of systemd: NoNewPrivileges=no), and where nosuid does not hide newuidmap.',
    );
  }
  const { users, groups, newuidmap } = found.ids;
  const detail = `besides this user ${countOf(users)} users and ${countOf(groups)} groups, by ${newuidmap}`;
  return { name: NAME, status: 'ok', detail };
}

/**
 * Of root, whose containers have ids that are nobody's on the host.
 * @param own - whether a container was seen to have such; `undefined`: there was none
 * @param lack - why not
 */
export function checkPrivateIds(
  own: boolean | undefined,
  lack: { readonly what: string; readonly fix: string } | undefined,
): HostCheck {
  if (own === true)
    return { name: NAME, status: 'ok', detail: 'of its own for each container, by idmapped mounts' };
  if (lack === undefined)
    return { name: NAME, status: 'degraded', detail: 'Not to be told, as there is no container.' };
  const detail = `Containers have the host's, because ${lack.what}.`;
  return { name: NAME, status: 'degraded', detail, fix: lack.fix };
}

function countOf(spans: readonly IdSpan[]): number {
  return spans.reduce((sum, { size }) => sum + size, 0);
}
