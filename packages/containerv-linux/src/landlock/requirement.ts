import { ContainervError, type SecurityPolicy } from 'containerv-api';
import { securityLevels } from 'containerv-policy';
import { WRITES_COMPLETE_ABI } from './file-rights.js';
import { FILE_RULES_STEP } from './ruleset-error.js';
import { confinesFiles, type Ruleset } from './ruleset.js';

/**
 * What of a policy's file rules this kernel cannot enforce, as a sentence; `undefined`: nothing.
 * @param byPrograms whether BPF programs enforce them besides
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` at a security level that requires them.
 */
export function unenforcedFileRules(
  policy: SecurityPolicy,
  abi: number,
  byPrograms = false,
): string | undefined {
  if (byPrograms || !confinesFiles(policy) || abi >= WRITES_COMPLETE_ABI) return undefined;
  const what =
    abi < 1
      ? `The file rules of the policy '${policy.name}' are not enforced: this kernel has no Landlock`
      : `Files that the policy '${policy.name}' lets be read only can be emptied: this kernel has Landlock ABI ${abi}, and truncation is part of it from ABI 3 on`;
  refuseWhereRequired(policy, what);
  return what;
}

/**
 * The rules that gave nothing because their paths do not exist, as a sentence; `undefined`: none. Those of base policies
 * list what some systems have, and are not among them. (Where the level requires them, init refuses to start instead.)
 *
 * @param missed positions in the ruleset's paths, as init reports them
 */
export function missedPaths(ruleset: Ruleset | undefined, missed: string): string | undefined {
  const paths = missed.split(' ').flatMap((position) => {
    const rule = /^\d+$/.test(position) ? ruleset?.paths[Number(position)] : undefined;
    return rule === undefined || rule.origin === 'base' ? [] : [rule.path];
  });
  if (missed.endsWith('...')) paths.push('...');
  return missedSentence(paths);
}

export function missedSentence(paths: readonly string[]): string | undefined {
  if (paths.length === 0) return undefined;
  return `Rules of the policy allow nothing, because these paths do not exist in the container: ${paths.join(', ')}`;
}

/**
 * Mounts that a policy lets nobody use, as a sentence; `undefined`: none. A mount makes a place; only rules give access.
 */
export function unusableMounts(policy: SecurityPolicy, targets: readonly string[]): string | undefined {
  if (!confinesFiles(policy)) return undefined;
  const within = (path: string, directory: string): boolean =>
    directory === '/' || path === directory || path.startsWith(`${directory}/`);
  // A rule further down gives part of a mount.
  const unusable = targets.filter(
    (target) => !policy.paths.some(({ path }) => within(target, path) || within(path, target)),
  );
  if (unusable.length === 0) return undefined;
  return `No file rule of the policy '${policy.name}' gives access to what is mounted at ${unusable.join(', ')}: addPaths does`;
}

function refuseWhereRequired(policy: SecurityPolicy, what: string): void {
  if (securityLevels[policy.securityLevel].fileRules !== 'required') return;
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', what, {
    step: FILE_RULES_STEP,
    hint: `The security level '${policy.securityLevel}' requires that they are enforced. At a lower one it is a warning. See: containerv doctor`,
  });
}
