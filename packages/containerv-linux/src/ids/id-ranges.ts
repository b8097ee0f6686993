import { ContainervError, MAX_ID } from 'containerv-api';

/** How many ids a container made by root has for itself; `kIdRangeSize` of `native/addon/id_range.h`. */
export const ID_RANGE_SIZE = 65_536;

/** Neighbouring ranges of {@link ID_RANGE_SIZE} ids each. */
export interface IdRun {
  readonly first: number;
  readonly ranges: number;
}

/** What says which ids are whose, as texts; empty for a file that is not there. */
export interface IdSources {
  /** `CONTAINERV_ID_RANGE`: `FIRST:COUNT`. */
  readonly chosen: string | undefined;
  readonly subuid: string;
  readonly subgid: string;
  readonly passwd: string;
  readonly group: string;
  /** /proc/self/uid_map and gid_map: what this process itself has. */
  readonly ownUids: string;
  readonly ownGids: string;
}

interface Span {
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
}

/**
 * 4096 ranges that nobody is known to use: below 2^31, above what systemd, shadow-utils and directory services give out
 * (systemd's UIDS-GIDS document calls them unused).
 */
const DEFAULT_SPAN: Span = { first: 0x7000_0000, end: 0x8000_0000 };

/** In /etc/subuid and /etc/subgid: the ids that an administrator gave to containers of root. */
const ACCOUNT = 'containerv';

/**
 * The ranges that containers made by root may have: `CONTAINERV_ID_RANGE`, or what the lines of `containerv` in
 * /etc/subuid and /etc/subgid have in common, or {@link DEFAULT_SPAN}. Without those that overlap ids of users, of
 * groups or of anybody else's line, and those that this process does not have itself.
 */
export function idRuns(sources: IdSources): IdRun[] {
  const taken = [
    ...subordinate(sources.subuid, (name) => name !== ACCOUNT),
    ...subordinate(sources.subgid, (name) => name !== ACCOUNT),
    ...accounts(sources.passwd),
    ...accounts(sources.group),
  ];
  const own = [mapped(sources.ownUids), mapped(sources.ownGids)];
  const free = (range: Span): boolean =>
    own.every((mappings) => mappings.some(({ first, end }) => first <= range.first && range.end <= end)) &&
    !taken.some(({ first, end }) => first < range.end && range.first < end);
  return spans(sources).flatMap((span) => runsIn(span, free));
}

function spans({ chosen, subuid, subgid }: IdSources): Span[] {
  if (chosen !== undefined && chosen !== '') return [parseChosen(chosen)];
  const users = subordinate(subuid, (name) => name === ACCOUNT);
  const groups = subordinate(subgid, (name) => name === ACCOUNT);
  const common = users.flatMap((user) =>
    groups.flatMap((group): Span[] => {
      const first = Math.max(user.first, group.first);
      const end = Math.min(user.end, group.end);
      return first < end ? [{ first, end }] : [];
    }),
  );
  return users.length + groups.length === 0 ? [DEFAULT_SPAN] : common;
}

function runsIn(span: Span, free: (range: Span) => boolean): IdRun[] {
  const runs: { first: number; ranges: number }[] = [];
  for (let first = span.first; first + ID_RANGE_SIZE <= span.end; first += ID_RANGE_SIZE) {
    if (!free({ first, end: first + ID_RANGE_SIZE })) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.ranges * ID_RANGE_SIZE === first) last.ranges++;
    else runs.push({ first, ranges: 1 });
  }
  return runs;
}

function parseChosen(text: string): Span {
  const [, first = '', count = ''] = /^(\d{1,10}):(\d{1,10})$/.exec(text) ?? [];
  const span = { first: Number(first), end: Number(first) + Number(count) };
  if (count !== '' && span.first >= ID_RANGE_SIZE && Number(count) >= ID_RANGE_SIZE && span.end <= MAX_ID + 1)
    return span;
  throw new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    `Expected CONTAINERV_ID_RANGE to be FIRST:COUNT, got '${text}'`,
    {
      step: 'map ids',
      hint: `FIRST is at least ${ID_RANGE_SIZE}, COUNT too, and their sum at most 2147483648: CONTAINERV_ID_RANGE=1879048192:268435456`,
    },
  );
}

/** Lines `name:first:count` (subuid(5)). */
function subordinate(text: string, matches: (name: string) => boolean): Span[] {
  return text.split('\n').flatMap((line): Span[] => {
    const [, name = '', first = '', count = ''] = /^([^:#]+):(\d+):(\d+)\s*$/.exec(line) ?? [];
    return count === '' || !matches(name)
      ? []
      : [{ first: Number(first), end: Number(first) + Number(count) }];
  });
}

/** The third field of passwd(5) and group(5). */
function accounts(text: string): Span[] {
  return text.split('\n').flatMap((line): Span[] => {
    const id = line.split(':')[2] ?? '';
    return /^\d+$/.test(id) ? [{ first: Number(id), end: Number(id) + 1 }] : [];
  });
}

/** Lines `inside outside count` (user_namespaces(7)). */
function mapped(text: string): Span[] {
  return text.split('\n').flatMap((line): Span[] => {
    const [first, , count] = line.trim().split(/\s+/).map(Number);
    return count === undefined || first === undefined ? [] : [{ first, end: first + count }];
  });
}
