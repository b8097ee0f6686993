import { MAX_ID } from 'containerv-api';
import { findProgram, type MayExecute } from '../find-program.js';

/** Ids of the host that an ordinary user may give to containers, in the order of the file. */
export interface IdSpan {
  readonly first: number;
  readonly size: number;
}

/** What newuidmap(1) and newgidmap(1) map for a user, besides the user. */
export interface SubordinateIds {
  readonly users: readonly IdSpan[];
  readonly groups: readonly IdSpan[];
  readonly newuidmap: string;
  readonly newgidmap: string;
}

/** Why a user has only the one id, and what mends it. */
export interface SubordinateLack {
  readonly what: string;
  readonly fix: string;
}

export type FoundSubordinateIds = { readonly ids: SubordinateIds } | { readonly lack: SubordinateLack };

export interface Subordinate {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  /** /etc/subuid and /etc/subgid (subuid(5)); empty where there is none. */
  readonly subuid: string;
  readonly subgid: string;
}

// A map takes 340 lines (user_namespaces(7)); one for the user is ours.
const MAX_SPANS = 339;

/** As useradd(8) gives them. */
const FIRST_GIVEN = 100_000;
const GIVEN = 65_536;

/** Needs both programs, and lines of the user in both files. */
export function findSubordinateIds(user: Subordinate, mayExecute?: MayExecute): FoundSubordinateIds {
  const newuidmap = findProgram('newuidmap', mayExecute);
  const newgidmap = findProgram('newgidmap', mayExecute);
  if (newuidmap === undefined || newgidmap === undefined) {
    const missing = newuidmap === undefined ? 'newuidmap' : 'newgidmap';
    return { lack: { what: `\`${missing}\` is not installed`, fix: 'sudo apt-get install uidmap' } };
  }
  const users = spansOf(user.subuid, user, user.uid);
  const groups = spansOf(user.subgid, user, user.gid);
  if (users.length === 0 || groups.length === 0) {
    const file = users.length === 0 ? '/etc/subuid' : '/etc/subgid';
    return {
      lack: {
        what: `${file} has no line of ${user.name}`,
        fix: usermod(user),
      },
    };
  }
  return { ids: { users, groups, newuidmap, newgidmap } };
}

/** Gives ids behind all that the files give to somebody. */
function usermod({ name, subuid, subgid }: Subordinate): string {
  const ends = [...`${subuid}\n${subgid}`.matchAll(/^[^:#\n]+:(\d{1,10}):(\d{1,10})\s*$/gm)].map(
    ([, first, count]) => Number(first) + Number(count),
  );
  const first = Math.max(FIRST_GIVEN, ...ends.filter((end) => end + GIVEN <= MAX_ID + 1));
  const range = `${first}-${first + GIVEN - 1}`;
  return `sudo usermod --add-subuids ${range} --add-subgids ${range} ${name}`;
}

/** The lines of a user by name or number. What overlaps another, or the user, cannot be in one map. */
function spansOf(text: string, { name, uid }: Subordinate, own: number): IdSpan[] {
  const spans: IdSpan[] = [];
  let total = 1;
  for (const line of text.split('\n')) {
    const [, owner = '', start = '', count = ''] = /^([^:#]+):(\d{1,10}):(\d{1,10})\s*$/.exec(line) ?? [];
    const span = { first: Number(start), size: Number(count) };
    if ((owner !== name && owner !== String(uid)) || span.size === 0) continue;
    if (span.first === 0 || span.first + span.size > MAX_ID + 1 || total + span.size > MAX_ID + 1) continue;
    if ([{ first: own, size: 1 }, ...spans].some((other) => overlap(other, span))) continue;
    spans.push(span);
    total += span.size;
    if (spans.length === MAX_SPANS) break;
  }
  return spans;
}

function overlap(one: IdSpan, other: IdSpan): boolean {
  return one.first < other.first + other.size && other.first < one.first + one.size;
}
