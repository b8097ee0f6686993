import { checkArray, checkOptions, invalidOption } from '../option-check.js';
import { ContainervError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';

/** `number`: in the unit of setrlimit(2), bytes, seconds or a count. */
export type RlimitValue = number | 'unlimited';

/** One limit as the OCI runtime specification writes it. */
export interface OciRlimit {
  /** `'RLIMIT_NOFILE'` or `'nofile'`. */
  readonly type: string;
  readonly soft: RlimitValue;
  readonly hard: RlimitValue;
}

/** Limits by name (`{ nofile: 1024, core: { soft: 0, hard: 'unlimited' } }`), or a list as in the OCI specification. */
export type Rlimits =
  | readonly OciRlimit[]
  | Readonly<Record<string, RlimitValue | { readonly soft: RlimitValue; readonly hard: RlimitValue }>>;

export type RlimitName = (typeof NAMES)[number];

export interface ResolvedRlimit {
  readonly name: RlimitName;
  /** Linux's number for it, as setrlimit(2) takes it. */
  readonly resource: number;
  readonly soft: RlimitValue;
  readonly hard: RlimitValue;
}

/** Linux's numbers are the positions. */
const NAMES = [
  'cpu',
  'fsize',
  'data',
  'stack',
  'core',
  'rss',
  'nproc',
  'nofile',
  'memlock',
  'as',
  'locks',
  'sigpending',
  'msgqueue',
  'nice',
  'rtprio',
  'rttime',
] as const;

/** `inherited` with `rlimits` over it, by name. */
export function resolveRlimits(
  rlimits: Rlimits | undefined,
  inherited: readonly ResolvedRlimit[],
  option = 'rlimits',
): readonly ResolvedRlimit[] {
  const merged = new Map(inherited.map((rlimit) => [rlimit.name, rlimit]));
  const given = new Set<RlimitName>();
  for (const rlimit of listed(rlimits ?? {}, option)) {
    if (given.has(rlimit.name)) {
      throw new ContainervError('ERR_CONTAINERV_INVALID_OPTION', `\`${option}\` sets ${rlimit.name} twice`);
    }
    given.add(rlimit.name);
    merged.set(rlimit.name, rlimit);
  }
  return [...merged.values()];
}

function listed(rlimits: Rlimits, option: string): ResolvedRlimit[] {
  if (Array.isArray(rlimits)) {
    return checkArray(rlimits, option).map((entry, index) => {
      const where = `${option}[${index}]`;
      checkOptions(entry, where, ['type', 'soft', 'hard']);
      const { type, soft, hard } = entry as OciRlimit;
      return resolveRlimit(type, soft, hard, `${where}.type`, where);
    });
  }
  checkOptions(rlimits, option, Object.keys(rlimits ?? {}));
  return Object.entries(rlimits).map(([name, value]: [string, unknown]) => {
    const where = `${option}.${name}`;
    if (typeof value !== 'object') return resolveRlimit(name, value, value, option, where);
    checkOptions(value, where, ['soft', 'hard']);
    const { soft, hard } = value as OciRlimit;
    return resolveRlimit(name, soft, hard, option, where);
  });
}

function resolveRlimit(
  name: unknown,
  soft: unknown,
  hard: unknown,
  nameOption: string,
  option: string,
): ResolvedRlimit {
  const short = typeof name === 'string' ? name.replace(/^RLIMIT_/, '').toLowerCase() : '';
  const resource = NAMES.findIndex((known) => known === short);
  const known = NAMES[resource];
  if (known === undefined) {
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_OPTION',
      `Unknown resource limit \`${String(name)}\` in \`${nameOption}\`.${didYouMean(short, NAMES)}`,
      { hint: `Known limits: ${NAMES.join(', ')}.` },
    );
  }
  const resolved = { name: known, resource, soft: parseValue(soft, option), hard: parseValue(hard, option) };
  const inOrder =
    resolved.hard === 'unlimited' || (resolved.soft !== 'unlimited' && resolved.soft <= resolved.hard);
  if (!inOrder) throw invalidOption(option, 'a soft limit that is at most the hard one', { soft, hard });
  return resolved;
}

function parseValue(given: unknown, option: string): RlimitValue {
  // JSON's 18446744073709551615 (RLIM_INFINITY) arrives as 2^64.
  if (given === 'unlimited' || given === Infinity || given === 2 ** 64) return 'unlimited';
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= 0) return given;
  throw invalidOption(option, "a whole number, not negative, or 'unlimited'", given);
}
