import { arches } from '../arch.js';
import { type CapabilityName, checkCapabilities } from '../capabilities.js';
import { parseJson } from '../json/parse-json.js';
import type { PolicyContent } from '../policy-content.js';
import { ABSENT, type Answer, fromAnswer } from '../seccomp/answer.js';
import { checkCondition } from '../seccomp/check-rule.js';
import type { CheckedRule, Comparison, Condition } from '../seccomp/rule.js';
import { checkSyscallName, isForeignSyscallName, isSyscallName } from '../syscalls/table.js';
import {
  checkBoolean,
  checkInteger,
  checkList,
  checkRecord,
  checkText,
  checkWord,
} from '../validate/check.js';
import { invalidPolicy, unexpected } from '../validate/invalid-policy.js';
import { readAction } from './actions.js';
import { dropShadowed } from './drop-shadowed.js';
import { checkKernel, type OciTarget, ruleApplies } from './rule-applies.js';

/** What a profile's conditions depend on, and how strictly it is read. */
export interface OciImportOptions {
  /** Of the container; `includes.caps` and `excludes.caps` refer to them. They become the policy's. @defaultValue none */
  readonly capabilities?: readonly CapabilityName[];
  /** The kernel it will run on, for `minKernel`. @defaultValue `4.18`, the oldest that is supported */
  readonly kernel?: string;
  /** Leave out names that no architecture has, instead of rejecting the profile. @defaultValue false */
  readonly ignoreUnknownSyscalls?: boolean;
  /** @defaultValue `oci` */
  readonly name?: string;
}

interface Reading {
  readonly target: OciTarget;
  readonly ignoreUnknown: boolean;
}

/** The content of a policy that has a profile's syscall rules and confines neither files nor network. */
export function importProfile(json: unknown, options: OciImportOptions): PolicyContent {
  const { capabilities, kernel, ignoreUnknownSyscalls, name } = checkRecord(options, 'options', [
    'capabilities',
    'kernel',
    'ignoreUnknownSyscalls',
    'name',
  ]);
  const held = capabilities === undefined ? [] : checkCapabilities(capabilities, 'options.capabilities');
  const reading: Reading = {
    target: { capabilities: held, kernel: checkKernel(kernel ?? '4.18', 'options.kernel') },
    ignoreUnknown:
      ignoreUnknownSyscalls !== undefined &&
      checkBoolean(ignoreUnknownSyscalls, 'options.ignoreUnknownSyscalls'),
  };
  const profile = checkRecord(parseJson(json), 'profile', [
    'defaultAction',
    'defaultErrnoRet',
    'defaultErrno',
    'architectures',
    'archMap',
    'flags',
    'listenerPath',
    'listenerMetadata',
    'syscalls',
  ]);
  checkSurroundings(profile);
  const defaultAnswer = readAction(
    profile['defaultAction'],
    { ret: profile['defaultErrnoRet'], name: profile['defaultErrno'] },
    'profile.default',
  );
  const rules = checkList(profile['syscalls'] ?? [], 'syscalls').flatMap((rule, at) =>
    readSyscall(rule, `syscalls[${at}]`, reading),
  );
  return {
    name: name === undefined ? 'oci' : checkText(name, 'options.name', 256),
    baseCapabilities: [],
    chosenCapabilities: held,
    seccomp: { defaultAnswer, unknownAnswer: unknownAnswer(defaultAnswer), rules: dropShadowed(rules) },
    systemPaths: [],
    confinesFiles: false,
    addedPaths: undefined,
    networkRules: undefined,
    securityLevel: 'default',
    windowsIsolation: undefined,
  };
}

/** Runtimes answer ENOSYS to what a denying profile is too old to know, so that programs fall back. */
export function unknownAnswer(defaultAnswer: Answer): Answer {
  return fromAnswer(defaultAnswer).action === 'errno' ? ABSENT : defaultAnswer;
}

/** What does not become a rule. Foreign ABIs are refused whatever `architectures` says. */
function checkSurroundings(profile: Readonly<Record<string, unknown>>): void {
  for (const [at, name] of checkList(profile['architectures'] ?? [], 'architectures').entries())
    checkArchitecture(name, `architectures[${at}]`);
  for (const [at, entry] of checkList(profile['archMap'] ?? [], 'archMap').entries()) {
    const map = checkRecord(entry, `archMap[${at}]`, ['architecture', 'subArchitectures']);
    checkArchitecture(map['architecture'], `archMap[${at}].architecture`);
  }
  for (const [at, flag] of checkList(profile['flags'] ?? [], 'flags').entries()) {
    // Both are satisfied: containers load the filter before they have threads, and no mitigation is switched off.
    checkWord(flag, `flags[${at}]`, ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW']);
  }
  for (const key of ['listenerPath', 'listenerMetadata']) {
    if (profile[key] !== undefined && profile[key] !== '')
      throw invalidPolicy(`\`${key}\` needs SCMP_ACT_NOTIFY, which containerv does not support`);
  }
}

function checkArchitecture(value: unknown, entry: string): void {
  if (typeof value !== 'string' || !/^SCMP_ARCH_[A-Z0-9_]{1,40}$/.test(value))
    throw unexpected(entry, 'an architecture like `SCMP_ARCH_X86_64`', value);
}

function readSyscall(
  value: unknown,
  entry: string,
  { target, ignoreUnknown }: Reading,
): readonly CheckedRule[] {
  const rule = checkRecord(value, entry, [
    'name',
    'names',
    'action',
    'errnoRet',
    'errno',
    'args',
    'comment',
    'includes',
    'excludes',
  ]);
  const answer = readAction(rule['action'], { ret: rule['errnoRet'], name: rule['errno'] }, entry);
  const conditions = readArgs(rule['args'] ?? [], `${entry}.args`);
  const bound = arches.filter((arch) => ruleApplies(rule['includes'], rule['excludes'], arch, target, entry));
  // `name` is how Docker's first profiles said it.
  const list = rule['name'] === undefined ? checkList(rule['names'], `${entry}.names`) : [rule['name']];
  const names = list.flatMap((name, at) => readName(name, `${entry}.names[${at}]`, ignoreUnknown));
  const comment = rule['comment'] ?? '';
  const reason = comment === '' ? {} : { reason: checkText(comment, `${entry}.comment`, 1000) };
  if (bound.length === 0 || names.length === 0) return [];
  return [{ names: [...new Set(names)], answer, conditions, arches: bound, ...reason }];
}

/** Names of other architectures mean nothing here, and published profiles are full of them. */
function readName(name: unknown, entry: string, ignoreUnknown: boolean): readonly string[] {
  if (typeof name === 'string' && !isSyscallName(name) && (ignoreUnknown || isForeignSyscallName(name)))
    return [];
  return [checkSyscallName(name, entry)];
}

const comparisons: Readonly<Record<string, Comparison>> = {
  SCMP_CMP_EQ: '==',
  SCMP_CMP_NE: '!=',
  SCMP_CMP_LT: '<',
  SCMP_CMP_LE: '<=',
  SCMP_CMP_GT: '>',
  SCMP_CMP_GE: '>=',
};

function readArgs(value: unknown, entry: string): readonly Condition[] {
  const conditions = checkList(value, entry).map((arg, at) => readArg(arg, `${entry}[${at}]`));
  const indexes = conditions.map(({ index }) => index);
  const repeated = indexes.find((index, at) => indexes.indexOf(index) !== at);
  if (repeated !== undefined) {
    throw invalidPolicy(
      `\`${entry}\` has two conditions on argument ${repeated}; runtimes do not agree whether both must hold`,
      'Write two rules where either is enough.',
    );
  }
  return conditions;
}

function readArg(value: unknown, entry: string): Condition {
  const arg = checkRecord(value, entry, ['index', 'value', 'valueTwo', 'op']);
  const op = checkWord(arg['op'], `${entry}.op`, [...Object.keys(comparisons), 'SCMP_CMP_MASKED_EQ']);
  const index = checkInteger(arg['index'], `${entry}.index`, 0, 5);
  if (op !== 'SCMP_CMP_MASKED_EQ')
    return checkCondition({ index, op: comparisons[op], value: arg['value'] }, entry);
  return checkCondition({ index, op: '==', mask: arg['value'], value: arg['valueTwo'] ?? 0 }, entry);
}
