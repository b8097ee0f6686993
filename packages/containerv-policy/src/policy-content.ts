import { type BasePolicyName, basePolicies } from './base/base-policies.js';
import { type CapabilityName, sortCapabilities } from './capabilities.js';
import { type PathRule, mergePaths } from './files/path-rule.js';
import { type SecurityLevel, stricterLevel } from './levels.js';
import { type NetworkRule, mergeNetworkRules } from './network/network-rule.js';
import { ABSENT, DENY } from './seccomp/answer.js';
import { checkRule } from './seccomp/check-rule.js';
import { mergeRules } from './seccomp/resolve.js';
import type { SeccompRules } from './seccomp/rule.js';
import { invalidPolicy } from './validate/invalid-policy.js';
import { type WindowsIsolation, mergeIsolation } from './windows-isolation.js';

/** Everything a policy says. Each field is checked before it gets here, and never changed afterwards. */
export interface PolicyContent {
  /** `build`, `build+network`. */
  readonly name: string;
  /** From base policies; the security level may take some away. */
  readonly baseCapabilities: readonly CapabilityName[];
  /** Asked for by name; a security level that excludes one is a contradiction. */
  readonly chosenCapabilities: readonly CapabilityName[];
  readonly seccomp: SeccompRules;
  /** In force once files are confined. */
  readonly systemPaths: readonly PathRule[];
  /** Whether `systemPaths` and `addedPaths` are all that may be used. */
  readonly confinesFiles: boolean;
  /** From `addPaths`; `undefined` as long as nobody named any. */
  readonly addedPaths: readonly PathRule[] | undefined;
  readonly networkRules: readonly NetworkRule[] | undefined;
  readonly securityLevel: SecurityLevel;
  readonly windowsIsolation: WindowsIsolation | undefined;
}

export function contentOfBase(name: BasePolicyName): PolicyContent {
  const base = basePolicies[name];
  return {
    name,
    baseCapabilities: sortCapabilities(base.capabilities),
    chosenCapabilities: [],
    seccomp: {
      defaultAnswer: DENY,
      unknownAnswer: ABSENT,
      rules: base.rules.map((rule, at) => checkRule(rule, `${name}.rules[${at}]`)),
    },
    systemPaths: mergePaths(base.paths),
    confinesFiles: base.confinesFiles,
    addedPaths: undefined,
    networkRules: undefined,
    securityLevel: 'default',
    windowsIsolation: undefined,
  };
}

/**
 * What either allows, except that restrictions somebody made stay: paths once named, network rules once given, the
 * stricter level.
 */
export function mergeContents(first: PolicyContent, second: PolicyContent): PolicyContent {
  const narrowed = first.addedPaths !== undefined || second.addedPaths !== undefined;
  return {
    name: [...new Set([...first.name.split('+'), ...second.name.split('+')])].join('+'),
    baseCapabilities: sortCapabilities([...first.baseCapabilities, ...second.baseCapabilities]),
    chosenCapabilities: sortCapabilities([...first.chosenCapabilities, ...second.chosenCapabilities]),
    seccomp: mergeSeccomp(first.seccomp, second.seccomp),
    systemPaths: mergePaths(first.systemPaths, second.systemPaths),
    confinesFiles: narrowed || (first.confinesFiles && second.confinesFiles),
    addedPaths: narrowed ? mergePaths(first.addedPaths ?? [], second.addedPaths ?? []) : undefined,
    networkRules:
      first.networkRules === undefined || second.networkRules === undefined
        ? (first.networkRules ?? second.networkRules)
        : mergeNetworkRules(first.networkRules, second.networkRules),
    securityLevel: stricterLevel(first.securityLevel, second.securityLevel),
    windowsIsolation: mergeIsolation(first.windowsIsolation, second.windowsIsolation),
  };
}

function mergeSeccomp(first: SeccompRules, second: SeccompRules): SeccompRules {
  if (first.defaultAnswer !== second.defaultAnswer || first.unknownAnswer !== second.unknownAnswer) {
    throw invalidPolicy(
      'Policies that answer differently to what their rules do not name cannot be combined',
      'One of them was imported from a profile with another default action.',
    );
  }
  return { ...first, rules: mergeRules(first.rules, second.rules) };
}
