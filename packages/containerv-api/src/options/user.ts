import { checkArray, checkInteger, checkOptions, invalidOption } from '../option-check.js';
import { MAX_ID } from './id-maps.js';

/**
 * Who a process runs as: `'name'`, `'name:group'`, `'1000:1000'`, a user id, or ids.
 * Names are looked up in the container's own `/etc/passwd` and `/etc/group`.
 */
export type User = string | number | UserIds;

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. @defaultValue none */
  readonly groups?: readonly number[] | undefined;
}

/** A name is a string, an id a number. */
export interface ResolvedUser {
  readonly user: string | number;
  /** `undefined`: the user's own group in the container's `/etc/passwd`, or 0 when the user is not in it. */
  readonly group: string | number | undefined;
  /** `undefined`: what the container's `/etc/group` lists for the user when `user` is a name, otherwise none. */
  readonly groups: readonly number[] | undefined;
}

/** The container's root, which is what processes run as when nothing else is asked for. */
export const ROOT_USER: ResolvedUser = Object.freeze({ user: 0, group: 0, groups: Object.freeze([]) });

// What shadow-utils lets into /etc/passwd, and the digits of an id.
const NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*\$?$/;
const EXPECTED = "'name', 'name:group', a user id, or { uid, gid, groups }";

export function resolveUser(user: User | undefined, option = 'user'): ResolvedUser {
  if (user === undefined) return ROOT_USER;
  if (typeof user === 'number') {
    return { user: checkInteger(user, option, 0, MAX_ID), group: undefined, groups: undefined };
  }
  if (typeof user === 'string') return fromText(user, option);
  if (typeof user !== 'object' || user === null) throw invalidOption(option, EXPECTED, user);
  checkOptions(user, option, ['uid', 'gid', 'groups']);
  return {
    user: checkInteger(user.uid, `${option}.uid`, 0, MAX_ID),
    group: checkInteger(user.gid, `${option}.gid`, 0, MAX_ID),
    groups: checkArray(user.groups ?? [], `${option}.groups`).map((group, index) =>
      checkInteger(group, `${option}.groups[${index}]`, 0, MAX_ID),
    ),
  };
}

function fromText(text: string, option: string): ResolvedUser {
  const [user = '', group, ...rest] = text.split(':');
  const valid = NAME.test(user) && (group === undefined || NAME.test(group)) && rest.length === 0;
  if (!valid) throw invalidOption(option, EXPECTED, text);
  return {
    user: nameOrId(user, option),
    group: group === undefined ? undefined : nameOrId(group, option),
    groups: undefined,
  };
}

function nameOrId(text: string, option: string): string | number {
  return /^\d+$/.test(text) ? checkInteger(Number(text), option, 0, MAX_ID) : text;
}
