import { type CapabilityName, sortCapabilities } from './capabilities.js';
import { securityLevels } from './levels.js';
import type { PolicyContent } from './policy-content.js';
import { DENY, KILL, fromAnswer } from './seccomp/answer.js';
import { checkRules } from './seccomp/resolve.js';
import type { CheckedRule, SeccompRules } from './seccomp/rule.js';
import { arches } from './arch.js';
import { isSyscallName } from './syscalls/table.js';
import { invalidPolicy } from './validate/invalid-policy.js';
import { integrityLevels } from './windows-isolation.js';

/**
 * Everything that must hold between the parts of a policy, in whatever order they were added.
 *
 * @throws ERR_CONTAINERV_INVALID_POLICY naming what contradicts what
 */
export function checkContent(content: PolicyContent): PolicyContent {
  const { securityLevel: level } = content;
  const { keepsCapabilities, refusedSyscalls, windows } = securityLevels[level];
  const excess = content.chosenCapabilities.find((name) => !keeps(keepsCapabilities, name));
  if (excess !== undefined) throw contradictsLevel(`capability \`${excess}\``, level);
  const refused = new Set(refusedSyscalls);
  for (const { names, answer } of content.seccomp.rules) {
    const name = permits(answer) ? names.find((candidate) => refused.has(candidate)) : undefined;
    if (name !== undefined) throw contradictsLevel(`syscall \`${name}\``, level);
  }
  if (refused.size > 0 && permits(content.seccomp.defaultAnswer))
    throw contradictsLevel('a profile that allows by default', level);
  const integrity = content.windowsIsolation?.integrityLevel;
  if (
    integrity !== undefined &&
    integrityLevels.indexOf(integrity) > integrityLevels.indexOf(windows.maxIntegrityLevel)
  )
    throw contradictsLevel(`integrity level '${integrity}'`, level);
  checkRules(effectiveSeccomp(content));
  return content;
}

/** What processes really get, after the level took its part. */
export function effectiveCapabilities(content: PolicyContent): readonly CapabilityName[] {
  const { keepsCapabilities } = securityLevels[content.securityLevel];
  return sortCapabilities([...content.baseCapabilities, ...content.chosenCapabilities]).filter((name) =>
    keeps(keepsCapabilities, name),
  );
}

export function effectiveSeccomp({ seccomp, securityLevel }: PolicyContent): SeccompRules {
  const names = securityLevels[securityLevel].deadlySyscalls.filter(isSyscallName);
  if (names.length === 0) return seccomp;
  const deadly: CheckedRule = {
    reason: `security level ${securityLevel}: no program tries these by chance`,
    names,
    answer: KILL,
    conditions: [],
    arches,
  };
  // The level outranks denials that the policy states itself: those would otherwise contradict it.
  const rules = seccomp.rules.map((rule) =>
    rule.answer === DENY ? { ...rule, names: rule.names.filter((name) => !names.includes(name)) } : rule,
  );
  return { ...seccomp, rules: [deadly, ...rules] };
}

function keeps(kept: readonly CapabilityName[] | 'all', name: CapabilityName): boolean {
  return kept === 'all' || kept.includes(name);
}

/** Whether the call is, or may be, executed: a tracer decides as it likes. */
function permits(answer: number): boolean {
  return ['allow', 'log', 'trace'].includes(fromAnswer(answer).action);
}

function contradictsLevel(what: string, level: string): Error {
  return invalidPolicy(
    `Contradictory: ${what} and the security level '${level}', which excludes it`,
    'Choose a lower level, or leave it out.',
  );
}
