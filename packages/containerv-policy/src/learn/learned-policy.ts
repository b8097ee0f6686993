import { basePolicies } from '../base/base-policies.js';
import { FsAccess, toAccessWords } from '../files/access.js';
import { type PathRule, checkPath, mergePaths } from '../files/path-rule.js';
import { contentFromJson } from '../json/from-json.js';
import { contentToJson } from '../json/to-json.js';
import { Policy } from '../policy.js';
import { mergeContents, type PolicyContent } from '../policy-content.js';
import { ABSENT, ALLOW, DENY } from '../seccomp/answer.js';
import { checkRule } from '../seccomp/check-rule.js';
import { syscallName } from '../syscalls/table.js';
import { neededAccess } from './file-access.js';
import { invalidPolicy } from '../validate/invalid-policy.js';
import { type GeneralisedPaths, generalisePaths, permits } from './generalise-paths.js';
import { learnedRules, tidyRules } from './learned-rules.js';
import type { Observations } from './observations.js';

export interface LearnedPolicyOptions {
  /** What was in force meanwhile; the result allows no syscall that it does not. Its capabilities are the result's. */
  readonly within: { toJSON(): unknown };
  /** What earlier runs taught: the result allows that too. */
  readonly into?: { toJSON(): unknown } | undefined;
  /** The program's own directory in the container, to be allowed as a whole. */
  readonly workspace?: string | undefined;
  /** Whether to write rules for files. @defaultValue as `into`, or true */
  readonly files?: boolean | undefined;
  /** @defaultValue the name of `into`, or `learned` */
  readonly name?: string | undefined;
}

export interface LearnedPolicy {
  readonly policy: Policy;
  /** What a reviewer should look at, and what could not be written. */
  readonly warnings: readonly string[];
}

/** The least policy, in the terms of this package, under which the same happens again. */
export function learnedPolicy(observations: Observations, options: LearnedPolicyOptions): LearnedPolicy {
  const within = contentFromJson(options.within.toJSON());
  const into = options.into === undefined ? undefined : contentFromJson(options.into.toJSON());
  const files = writesFiles(options, into) ? observedPaths(observations, within) : undefined;
  const generalised =
    files === undefined ? undefined : generaliseWithin(files.used, options.workspace, within);
  const learned = learnedRules(observations, within.seccomp.rules);
  const named = new Set(learned.flatMap((rule) => rule.names));
  // What `custom` denies with an answer of its own (clone3) is for policies that do not decide it themselves.
  const needed = basePolicies.custom.rules
    .map((rule) => checkRule(rule, 'custom'))
    .filter(({ answer, names }) => answer === ALLOW || !names.some((name) => named.has(name)));
  const fresh: PolicyContent = {
    name: 'learned',
    baseCapabilities: within.baseCapabilities,
    chosenCapabilities: within.chosenCapabilities,
    seccomp: {
      defaultAnswer: DENY,
      unknownAnswer: ABSENT,
      rules: tidyRules([...needed, ...learned]),
    },
    systemPaths: generalised?.system ?? [],
    confinesFiles: generalised !== undefined,
    addedPaths: generalised?.added,
    networkRules: within.networkRules,
    securityLevel: within.securityLevel,
    windowsIsolation: within.windowsIsolation,
  };
  const merged = into === undefined ? fresh : mergeContents(into, fresh);
  const content: PolicyContent = {
    ...merged,
    name: options.name ?? into?.name ?? 'learned',
    seccomp: { ...merged.seccomp, rules: tidyRules(merged.seccomp.rules) },
  };
  return {
    policy: Policy.fromJSON(contentToJson(content)),
    warnings: [...truncations(observations), ...(files?.warnings ?? []), ...broad(content)],
  };
}

/** Rules for some runs and none for others would deny what the others used, or confine nothing. */
function writesFiles({ files }: LearnedPolicyOptions, into: PolicyContent | undefined): boolean {
  if (into === undefined) return files ?? true;
  if (files === undefined || files === into.confinesFiles) return into.confinesFiles;
  throw invalidPolicy(
    `\`files\` is ${files}, but the policy to be extended ${into.confinesFiles ? 'confines files' : 'does not'}`,
    'Leave `files` out, or start a new policy.',
  );
}

/** What files may be used at all: everything where `within` does not confine them. */
function ceilingOf({ confinesFiles, systemPaths, addedPaths }: PolicyContent): readonly PathRule[] {
  return confinesFiles ? mergePaths(systemPaths, addedPaths ?? []) : [{ path: '/', access: FsAccess.All }];
}

/** Generalised as far as `within` goes. */
function generaliseWithin(
  used: readonly PathRule[],
  workspace: string | undefined,
  within: PolicyContent,
): GeneralisedPaths {
  const ceiling = ceilingOf(within);
  const fits = ({ path, access }: PathRule): boolean => permits(ceiling, path, access);
  const { system, added } = generalisePaths(used, workspace);
  const kept = { system: system.filter(fits), added: added.filter(fits) };
  const all = [...kept.system, ...kept.added];
  const left = used.filter(({ path, access }) => !permits(all, path, access));
  return { system: kept.system, added: mergePaths(kept.added, left) };
}

function observedPaths(
  { files }: Observations,
  within: PolicyContent,
): { used: readonly PathRule[]; warnings: readonly string[] } {
  const ceiling = ceilingOf(within);
  const used: PathRule[] = [];
  const unwritable = new Set<string>();
  for (const file of files) {
    const access = neededAccess(file);
    if (access === 0 || !permits(ceiling, file.path, access)) continue;
    try {
      used.push({ path: checkPath(file.path, 'path'), access });
    } catch {
      unwritable.add(file.path);
    }
  }
  const warnings = [...unwritable].map(
    (path) => `A path that no rule can name was left out: ${JSON.stringify(path)}`,
  );
  return { used: mergePaths(used), warnings };
}

function truncations({ arch, truncatedCalls, truncatedFiles }: Observations): readonly string[] {
  const calls = truncatedCalls.map((number) => {
    const name = syscallName(number, arch) ?? `syscall ${number}`;
    return `More kinds of ${name} were seen than are kept; the policy lacks some of them`;
  });
  return truncatedFiles
    ? [...calls, 'More files were used than are kept; the policy lacks some of them']
    : calls;
}

/** Rules that a list of files makes look harmless, and that are not. */
function broad({ addedPaths }: PolicyContent): readonly string[] {
  return (addedPaths ?? [])
    .filter(({ path }) =>
      ['/', '/etc', '/home', '/root', '/proc', '/sys', '/dev', '/var', '/run'].includes(path),
    )
    .map(
      ({ path, access }) =>
        `The program used ${path} itself as a directory, so everything below it is allowed: ${toAccessWords(access).join(', ')}`,
    );
}
