import { type Arch, arches } from '../arch.js';
import { checkSyscallName } from '../syscalls/table.js';
import { checkInteger, checkList, checkRecord, checkText, checkWord } from '../validate/check.js';
import { invalidPolicy, unexpected } from '../validate/invalid-policy.js';
import { toAnswer } from './answer.js';
import type { CheckedRule, Comparison, Condition } from './rule.js';

const comparisons: readonly Comparison[] = ['==', '!=', '<', '<=', '>', '>='];
/** Far more than anybody needs for six arguments; a filter has room for some hundred in all. */
const maxConditions = 64;
const allBits = 2n ** 64n - 1n;

/** A rule of unknown origin, checked as a whole. @throws ERR_CONTAINERV_INVALID_POLICY naming `entry` */
export function checkRule(value: unknown, entry: string): CheckedRule {
  const rule = checkRecord(value, entry, ['names', 'action', 'errno', 'args', 'arches', 'reason']);
  const names = checkNames(rule['names'], `${entry}.names`);
  const answer = toAnswer(rule['action'] ?? 'allow', rule['errno'], entry);
  const conditions = checkConditions(rule['args'], `${entry}.args`);
  const bound = checkArches(rule['arches'], `${entry}.arches`);
  const reason =
    rule['reason'] === undefined ? {} : { reason: checkText(rule['reason'], `${entry}.reason`, 1000) };
  return { names, answer, conditions, arches: bound, ...reason };
}

/** Syscall names: checked, without repetitions. */
export function checkNames(value: unknown, entry: string): readonly string[] {
  return [...new Set(checkList(value, entry).map((name, at) => checkSyscallName(name, `${entry}[${at}]`)))];
}

/** An absent list holds for every call; an empty one is no condition either, as in the OCI specification. */
function checkConditions(value: unknown, entry: string): readonly Condition[] {
  if (value === undefined) return [];
  return checkList(value, entry, maxConditions).map((condition, at) =>
    checkCondition(condition, `${entry}[${at}]`),
  );
}

export function checkCondition(value: unknown, entry: string): Condition {
  const condition = checkRecord(value, entry, ['index', 'op', 'value', 'mask']);
  const index = checkInteger(condition['index'], `${entry}.index`, 0, 5);
  const op = checkWord(condition['op'], `${entry}.op`, comparisons);
  const compared = checkUnsigned64(condition['value'], `${entry}.value`);
  const mask =
    condition['mask'] === undefined ? allBits : checkUnsigned64(condition['mask'], `${entry}.mask`);
  if (mask === 0n) throw invalidPolicy(`\`${entry}.mask\` is 0, so the condition compares nothing`);
  const reachable = op === '==' || op === '!=' ? (compared & ~mask) === 0n : compared <= mask;
  if (!reachable)
    throw invalidPolicy(
      `\`${entry}.value\` has bits outside \`mask\`, so the condition never changes its mind`,
    );
  return { index, op, value: compared, mask };
}

/** Numbers up to 2^53, bigints, and strings for what JSON cannot hold. */
function checkUnsigned64(value: unknown, entry: string): bigint {
  const expectation = 'a whole number from 0 to 2^64-1';
  let number: bigint;
  if (typeof value === 'bigint') number = value;
  else if (typeof value === 'number' && Number.isSafeInteger(value)) number = BigInt(value);
  else if (typeof value === 'string' && /^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(value)) number = BigInt(value);
  else throw unexpected(entry, expectation, value);
  if (number < 0n || number > allBits) throw unexpected(entry, expectation, value);
  return number;
}

function checkArches(value: unknown, entry: string): readonly Arch[] {
  if (value === undefined) return arches;
  const wanted = new Set(
    checkList(value, entry).map((arch, at) => checkWord(arch, `${entry}[${at}]`, arches)),
  );
  return arches.filter((arch) => wanted.has(arch));
}
