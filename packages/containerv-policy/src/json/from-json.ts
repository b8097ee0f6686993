import { checkCapabilities } from '../capabilities.js';
import { accessWords, fromAccessWords } from '../files/access.js';
import { type PathRule, checkPath, mergePaths } from '../files/path-rule.js';
import { securityLevelNames } from '../levels.js';
import { checkNetworkRule, mergeNetworkRules } from '../network/network-rule.js';
import type { PolicyContent } from '../policy-content.js';
import { toAnswer } from '../seccomp/answer.js';
import { checkRule } from '../seccomp/check-rule.js';
import type { SeccompRules } from '../seccomp/rule.js';
import { checkBoolean, checkList, checkRecord, checkText, checkWord } from '../validate/check.js';
import { unexpected } from '../validate/invalid-policy.js';
import { checkIsolation } from '../windows-isolation.js';
import { parseJson } from './parse-json.js';

/** Every field is required unless the format says otherwise: a file with less than a policy is not a policy. */
export function contentFromJson(json: unknown): PolicyContent {
  const policy = checkRecord(parseJson(json), 'policy', [
    'version',
    'name',
    'securityLevel',
    'capabilities',
    'chosenCapabilities',
    'syscalls',
    'files',
    'network',
    'windowsIsolation',
  ]);
  if (policy['version'] !== 1)
    throw unexpected('version', '1, the only version of the format so far', policy['version']);
  const { network, windowsIsolation, chosenCapabilities } = policy;
  return {
    name: checkText(policy['name'], 'name', 256),
    securityLevel: checkWord(policy['securityLevel'], 'securityLevel', securityLevelNames),
    baseCapabilities: checkCapabilities(policy['capabilities'], 'capabilities'),
    chosenCapabilities:
      chosenCapabilities === undefined ? [] : checkCapabilities(chosenCapabilities, 'chosenCapabilities'),
    seccomp: readSyscalls(policy['syscalls']),
    ...readFiles(policy['files']),
    networkRules:
      network === undefined
        ? undefined
        : mergeNetworkRules(
            checkList(network, 'network').map((rule, at) => checkNetworkRule(rule, `network[${at}]`)),
          ),
    windowsIsolation:
      windowsIsolation === undefined ? undefined : checkIsolation(windowsIsolation, 'windowsIsolation'),
  };
}

function readSyscalls(value: unknown): SeccompRules {
  const syscalls = checkRecord(value, 'syscalls', [
    'defaultAction',
    'defaultErrno',
    'unknownAction',
    'unknownErrno',
    'rules',
  ]);
  return {
    defaultAnswer: toAnswer(syscalls['defaultAction'], syscalls['defaultErrno'], 'syscalls.default'),
    unknownAnswer: toAnswer(syscalls['unknownAction'], syscalls['unknownErrno'], 'syscalls.unknown'),
    rules: checkList(syscalls['rules'], 'syscalls.rules').map((rule, at) =>
      checkRule(rule, `syscalls.rules[${at}]`),
    ),
  };
}

function readFiles(value: unknown): Pick<PolicyContent, 'confinesFiles' | 'systemPaths' | 'addedPaths'> {
  const files = checkRecord(value, 'files', ['confined', 'system', 'added']);
  const confined = checkBoolean(files['confined'], 'files.confined');
  const addedPaths = files['added'] === undefined ? undefined : readPaths(files['added'], 'files.added');
  if (!confined && addedPaths !== undefined)
    throw unexpected('files.confined', 'true where `files.added` names paths', false);
  return { confinesFiles: confined, systemPaths: readPaths(files['system'], 'files.system'), addedPaths };
}

function readPaths(value: unknown, entry: string): readonly PathRule[] {
  return mergePaths(checkList(value, entry).map((rule, at) => readPath(rule, `${entry}[${at}]`)));
}

function readPath(value: unknown, entry: string): PathRule {
  const rule = checkRecord(value, entry, ['path', 'access']);
  const words = checkList(rule['access'], `${entry}.access`).map((word, at) =>
    checkWord(word, `${entry}.access[${at}]`, accessWords),
  );
  return { path: checkPath(rule['path'], `${entry}.path`), access: fromAccessWords(words) };
}
