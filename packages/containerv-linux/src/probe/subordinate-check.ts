import type { HostCheck } from 'containerv-api';
import type { FoundSubordinateIds, IdSpan } from '../ids/subordinate-ids.js';

const NAME = 'ids of users';

/** @param found - of an ordinary user; `undefined`: root, whose containers have ranges of their own */
export function checkSubordinateIds(found: FoundSubordinateIds | undefined): HostCheck {
  if (found === undefined) return { name: NAME, status: 'ok', detail: 'root maps any, without newuidmap' };
  if ('ids' in found) {
    const { users, groups, newuidmap } = found.ids;
    const detail = `besides this user ${countOf(users)} users and ${countOf(groups)} groups, by ${newuidmap}`;
    return { name: NAME, status: 'ok', detail };
  }
  const { what, fix } = found.lack;
  return {
    name: NAME,
    status: 'degraded',
    detail: `A container has no user but its root, because ${what}.`,
    fix,
  };
}

function countOf(spans: readonly IdSpan[]): number {
  return spans.reduce((sum, { size }) => sum + size, 0);
}
