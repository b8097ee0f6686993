import type { CapabilityName } from './capabilities.js';
import { dangerousSyscalls } from './dangerous-syscalls.js';
import type { IntegrityLevel } from './windows-isolation.js';

export type SecurityLevel = 'default' | 'restricted' | 'strict';

/** What a level changes, whatever the policy says otherwise. */
export interface LevelEffects {
  readonly summary: string;
  /** Capabilities of the base policy that remain. Asking for others by name is an error. */
  readonly keepsCapabilities: readonly CapabilityName[] | 'all';
  /** Syscalls that cannot be allowed: asking for them is an error. */
  readonly refusedSyscalls: readonly string[];
  /** Refused syscalls that end the process instead of failing with `EPERM`. */
  readonly deadlySyscalls: readonly string[];
  /** What a driver does where the host cannot enforce path rules: report it in `enforced` and warn, or reject. */
  readonly fileRules: 'reported' | 'required';
  /** Windows: the account, and the highest integrity level, of processes. `undefined`: as the image says. */
  readonly windows: {
    readonly user: 'ContainerUser' | undefined;
    readonly maxIntegrityLevel: IntegrityLevel;
  };
}

const dangerous: readonly string[] = dangerousSyscalls.flatMap(({ names }) => names);
const deadly: readonly string[] = dangerousSyscalls.flatMap((group) => (group.deadly ? group.names : []));

export const securityLevels: Readonly<Record<SecurityLevel, LevelEffects>> = {
  default: {
    summary: 'the policy as written',
    keepsCapabilities: 'all',
    refusedSyscalls: [],
    deadlySyscalls: [],
    fileRules: 'reported',
    windows: { user: undefined, maxIntegrityLevel: 'system' },
  },
  restricted: {
    summary: 'no change of user, no signals across users, none of the dangerous syscalls even on request',
    keepsCapabilities: ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_NET_BIND_SERVICE'],
    refusedSyscalls: dangerous,
    deadlySyscalls: [],
    fileRules: 'reported',
    windows: { user: 'ContainerUser', maxIntegrityLevel: 'medium' },
  },
  strict: {
    summary:
      'no capabilities, dangerous syscalls end the process, path rules enforced or the container rejected',
    keepsCapabilities: [],
    refusedSyscalls: dangerous,
    deadlySyscalls: deadly,
    fileRules: 'required',
    windows: { user: 'ContainerUser', maxIntegrityLevel: 'low' },
  },
};

/** From the most to the least permissive. */
export const securityLevelNames: readonly SecurityLevel[] = ['default', 'restricted', 'strict'];

export function stricterLevel(first: SecurityLevel, second: SecurityLevel): SecurityLevel {
  return securityLevelNames.indexOf(first) > securityLevelNames.indexOf(second) ? first : second;
}
