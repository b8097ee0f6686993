import { arches } from '../arch.js';
import { toAccessWords } from '../files/access.js';
import type { PathRule } from '../files/path-rule.js';
import type { PolicyContent } from '../policy-content.js';
import { type Answer, type SyscallAction, fromAnswer } from '../seccomp/answer.js';
import type { CheckedRule, Condition } from '../seccomp/rule.js';
import type { ConditionJson, PathJson, PolicyJson, RuleJson } from './policy-json.js';

const allBits = 2n ** 64n - 1n;

export function contentToJson(content: PolicyContent): PolicyJson {
  const { seccomp, networkRules, windowsIsolation, chosenCapabilities, addedPaths } = content;
  const onDefault = actionOf(seccomp.defaultAnswer);
  const onUnknown = actionOf(seccomp.unknownAnswer);
  return {
    version: 1,
    name: content.name,
    securityLevel: content.securityLevel,
    capabilities: content.baseCapabilities,
    ...(chosenCapabilities.length === 0 ? {} : { chosenCapabilities }),
    syscalls: {
      defaultAction: onDefault.action,
      ...(onDefault.errno === undefined ? {} : { defaultErrno: onDefault.errno }),
      unknownAction: onUnknown.action,
      ...(onUnknown.errno === undefined ? {} : { unknownErrno: onUnknown.errno }),
      rules: seccomp.rules.map(ruleToJson),
    },
    files: {
      confined: content.confinesFiles,
      system: content.systemPaths.map(pathToJson),
      ...(addedPaths === undefined ? {} : { added: addedPaths.map(pathToJson) }),
    },
    ...(networkRules === undefined ? {} : { network: networkRules }),
    ...(windowsIsolation === undefined ? {} : { windowsIsolation }),
  };
}

export function ruleToJson({ reason, names, answer, conditions, arches: bound }: CheckedRule): RuleJson {
  const { action, errno } = actionOf(answer);
  return {
    ...(reason === undefined ? {} : { reason }),
    names,
    ...(action === 'allow' ? {} : { action }),
    ...(errno === undefined ? {} : { errno }),
    ...(conditions.length === 0 ? {} : { args: conditions.map(conditionToJson) }),
    ...(bound.length === arches.length ? {} : { arches: bound }),
  };
}

function conditionToJson({ index, op, value, mask }: Condition): ConditionJson {
  return {
    index,
    op,
    value: value <= 0xffffn ? Number(value) : `0x${value.toString(16)}`,
    ...(mask === allBits ? {} : { mask: `0x${mask.toString(16)}` }),
  };
}

function pathToJson({ path, access }: PathRule): PathJson {
  return { path, access: toAccessWords(access) };
}

/** The data is part of an errno always, of the other actions where it is not 0. */
function actionOf(answer: Answer): { action: SyscallAction; errno?: number } {
  const { action, data } = fromAnswer(answer);
  return action === 'errno' || data !== 0 ? { action, errno: data } : { action };
}
