import { checkBoolean, checkList, checkRecord, checkWord } from './validate/check.js';
import { invalidPolicy, unexpected } from './validate/invalid-policy.js';

export type IntegrityLevel = 'low' | 'medium' | 'high' | 'system';

/** How the Windows driver confines processes. Data only: other platforms carry it along. */
export interface WindowsIsolation {
  /** Run in an AppContainer. @defaultValue the driver's */
  readonly appContainer?: boolean;
  /** @defaultValue the account's */
  readonly integrityLevel?: IntegrityLevel;
  /** Capabilities of the AppContainer as SIDs, `S-1-15-3-...`. Absent or empty: none. */
  readonly capabilitySids?: readonly string[];
}

/** From the least to the most trusted. */
export const integrityLevels: readonly IntegrityLevel[] = ['low', 'medium', 'high', 'system'];

/** SID_MAX_SUB_AUTHORITIES of winnt.h. */
const maxSubAuthorities = 15;

export function checkIsolation(value: unknown, entry: string): WindowsIsolation {
  const isolation = checkRecord(value, entry, ['appContainer', 'integrityLevel', 'capabilitySids']);
  const { appContainer, integrityLevel, capabilitySids } = isolation;
  const sids =
    capabilitySids === undefined
      ? undefined
      : checkList(capabilitySids, `${entry}.capabilitySids`).map((sid, at) =>
          checkCapabilitySid(sid, `${entry}.capabilitySids[${at}]`),
        );
  const checked: WindowsIsolation = {
    ...(appContainer === undefined
      ? {}
      : { appContainer: checkBoolean(appContainer, `${entry}.appContainer`) }),
    ...(integrityLevel === undefined
      ? {}
      : { integrityLevel: checkWord(integrityLevel, `${entry}.integrityLevel`, integrityLevels) }),
    ...(sids === undefined ? {} : { capabilitySids: [...new Set(sids)].sort() }),
  };
  if (checked.appContainer !== true && (checked.capabilitySids?.length ?? 0) > 0)
    throw invalidPolicy(
      `\`${entry}.capabilitySids\` needs \`appContainer: true\`: only an AppContainer has them`,
    );
  return checked;
}

/** Field by field. @throws ERR_CONTAINERV_INVALID_POLICY where the two say different things */
export function mergeIsolation(
  first: WindowsIsolation | undefined,
  second: WindowsIsolation | undefined,
): WindowsIsolation | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  for (const key of ['appContainer', 'integrityLevel'] as const) {
    if (first[key] !== undefined && second[key] !== undefined && first[key] !== second[key])
      throw invalidPolicy(
        `Contradictory \`windowsIsolation.${key}\`: '${String(first[key])}' and '${String(second[key])}'`,
      );
  }
  const sids = [...(first.capabilitySids ?? []), ...(second.capabilitySids ?? [])];
  return checkIsolation(
    { ...first, ...second, ...(sids.length === 0 ? {} : { capabilitySids: sids }) },
    'windowsIsolation',
  );
}

function checkCapabilitySid(value: unknown, entry: string): string {
  const expectation = 'a capability SID like `S-1-15-3-1`';
  if (typeof value !== 'string' || !/^S-1-15-3(-\d{1,10})+$/.test(value))
    throw unexpected(entry, expectation, value);
  const subAuthorities = value.split('-').slice(3).map(Number);
  if (subAuthorities.length > maxSubAuthorities || subAuthorities.some((part) => part > 0xffffffff))
    throw unexpected(entry, expectation, value);
  return value;
}
