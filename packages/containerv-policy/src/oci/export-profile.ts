import type { Arch } from '../arch.js';
import type { Answer } from '../seccomp/answer.js';
import { type Branch, type Decision, resolveRules } from '../seccomp/resolve.js';
import type { Condition, SeccompRules } from '../seccomp/rule.js';
import { invalidPolicy } from '../validate/invalid-policy.js';
import { writeAction } from './actions.js';
import { areDisjoint, toMaskedValues } from './argument-set.js';
import { exportArgs } from './export-args.js';
import { unknownAnswer } from './import-profile.js';
import type { OciSeccomp, OciSyscall } from './oci-seccomp.js';

const architectureNames: Readonly<Record<Arch, string>> = {
  x64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
};
const goArch: Readonly<Record<Arch, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * An OCI profile that libseccomp turns into the same decisions.
 *
 * What a runtime answers to numbers that it does not know, and to foreign ABIs, is not part of a profile; current
 * runtimes do as containerv does.
 *
 * @throws ERR_CONTAINERV_INVALID_POLICY for what the format cannot express; never a profile that permits more
 */
export function exportProfile(rules: SeccompRules, wanted: readonly Arch[]): OciSeccomp {
  if (rules.unknownAnswer !== unknownAnswer(rules.defaultAnswer))
    throw invalidPolicy('An OCI profile cannot say what happens to syscalls that nobody knows yet');
  const { action, errnoRet } = writeAction(rules.defaultAnswer);
  const syscalls = collect(wanted.map((arch) => [arch, resolveRules(rules, arch)]));
  return {
    defaultAction: action,
    ...(errnoRet === undefined ? {} : { defaultErrnoRet: errnoRet }),
    architectures: wanted.map((arch) => architectureNames[arch]),
    syscalls: syscalls.flatMap(({ names, decision, on }) =>
      exportDecision(names, decision, rules.defaultAnswer).map((syscall) =>
        on.length === wanted.length
          ? syscall
          : { ...syscall, includes: { arches: on.map((arch) => goArch[arch]) } },
      ),
    ),
  };
}

interface Group {
  readonly names: string[];
  readonly decision: Decision;
  readonly on: readonly Arch[];
}

/** Syscalls with the same decision on the same architectures go into one entry. */
function collect(decisions: readonly (readonly [Arch, ReadonlyMap<string, Decision>])[]): readonly Group[] {
  const groups = new Map<string, Group>();
  const names = new Set(decisions.flatMap(([, byName]) => [...byName.keys()]));
  for (const name of names) {
    const variants = new Map<string, Group>();
    for (const [arch, byName] of decisions) {
      const decision = byName.get(name);
      if (decision === undefined) continue;
      const key = decisionText(decision);
      variants.set(key, { names: [name], decision, on: [...(variants.get(key)?.on ?? []), arch] });
    }
    for (const [text, { decision, on }] of variants) {
      const key = `${on.join()} ${text}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { names: [name], decision, on });
      else group.names.push(name);
    }
  }
  return [...groups.values()];
}

function decisionText({ branches, otherwise }: Decision): string {
  const texts = branches.map(
    ({ conditions, answer }) => `${conditions.map(conditionText).join('&')}?${answer}`,
  );
  return [...texts, otherwise].join(':');
}

function conditionText({ index, op, value, mask }: Condition): string {
  return `${index} ${mask} ${op} ${value}`;
}

/**
 * libseccomp lets an unconditional rule absorb all others of its syscall, and leaves open what overlapping ones with
 * different actions do. So: no unconditional rule beside conditional ones, and no overlaps.
 */
function exportDecision(
  names: readonly string[],
  { branches, otherwise }: Decision,
  fallback: Answer,
): readonly OciSyscall[] {
  const name = names.join(', ');
  if (branches.length === 0) return otherwise === fallback ? [] : [{ names, ...writeAction(otherwise) }];
  if (otherwise !== fallback)
    throw invalidPolicy(
      `The rules for \`${name}\` cannot be expressed in an OCI profile: exceptions from an answer`,
    );
  for (const [at, branch] of branches.entries()) {
    const overlapping = branches
      .slice(at + 1)
      .some((other) => other.answer !== branch.answer && mayOverlap(branch, other));
    if (overlapping)
      throw invalidPolicy(
        `The rules for \`${name}\` cannot be expressed in an OCI profile: different answers overlap`,
      );
  }
  return branches.flatMap(({ conditions, answer }) =>
    exportArgs(conditions, name).map((args) => ({ names, ...writeAction(answer), args })),
  );
}

/** Unless some argument cannot satisfy both. */
function mayOverlap(a: Branch, b: Branch): boolean {
  return [0, 1, 2, 3, 4, 5].every((index) => {
    const own = toMaskedValues(a.conditions.filter((condition) => condition.index === index));
    const others = toMaskedValues(b.conditions.filter((condition) => condition.index === index));
    if (own === undefined || others === undefined) return true;
    return own.some((set) => others.some((other) => !areDisjoint(set, other)));
  });
}
