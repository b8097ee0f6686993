import { checkWord, invalidOption } from '../option-check.js';

/** The policies that come with containerv; `containerv-policy` defines them. */
export type PolicyName = 'minimal' | 'build' | 'network' | 'custom';

/** The part of a policy that drivers use; `Policy` of `containerv-policy` satisfies it. */
export interface SecurityPolicy {
  readonly name: string;
  /** Linux capabilities that processes keep: `'CAP_CHOWN'`. */
  readonly capabilities: readonly string[];
  readonly securityLevel: 'default' | 'restricted' | 'strict';
  /** File access; `access` is a bit set, 1 read, 2 write, 4 execute. */
  readonly paths: readonly { readonly path: string; readonly access: number }[];
  /** `undefined`: no rules, the network option decides alone; empty: nothing is allowed. */
  readonly networkRules: readonly unknown[] | undefined;
  /** The seccomp program, an array of `struct sock_filter`. */
  compileSeccomp(options: { readonly arch: 'x64' | 'arm64'; readonly log?: boolean }): Uint8Array;
  toJSON(): unknown;
}

const NAMES: readonly PolicyName[] = ['minimal', 'build', 'network', 'custom'];
/** A driver looks up what each demands: one that is not known must not come to demand nothing. */
const LEVELS: ReadonlySet<unknown> = new Set(['default', 'restricted', 'strict']);
const DEFAULT_POLICY: PolicyName = 'build';

export function resolvePolicy(
  policy: SecurityPolicy | PolicyName | undefined,
  option = 'policy',
): SecurityPolicy | PolicyName {
  if (policy === undefined) return DEFAULT_POLICY;
  if (typeof policy === 'string') return checkWord(policy, option, NAMES);
  if (isPolicy(policy)) return policy;
  throw invalidOption(option, `a Policy or one of ${NAMES.map((name) => `'${name}'`).join(', ')}`, policy);
}

/** By shape, not by class: two copies of containerv-policy in one program must understand each other. */
function isPolicy(value: unknown): value is SecurityPolicy {
  return (
    typeof value === 'object' &&
    value !== null &&
    'compileSeccomp' in value &&
    typeof value.compileSeccomp === 'function' &&
    'capabilities' in value &&
    Array.isArray(value.capabilities) &&
    'paths' in value &&
    Array.isArray(value.paths) &&
    'securityLevel' in value &&
    LEVELS.has(value.securityLevel)
  );
}
