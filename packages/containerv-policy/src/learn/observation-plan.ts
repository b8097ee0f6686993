import { type Arch, arches } from '../arch.js';
import { effectiveSeccomp } from '../apply-level.js';
import { contentFromJson } from '../json/from-json.js';
import { compileRules } from '../seccomp/compile.js';
import { compileObserved } from '../seccomp/compile-observed.js';
import type { CheckedRule, Condition } from '../seccomp/rule.js';
import { syscallEntries } from '../syscalls/table.js';
import { checkWord } from '../validate/check.js';
import { interestsOf } from './argument-interest.js';
import { type FileArgument, fileArguments, fileSyscalls } from './file-arguments.js';

const allBits = 2n ** 64n - 1n;

/** Everything that who observes a program needs to know of a policy. */
export interface ObservationPlan {
  readonly arch: Arch;
  /** For the process: hands over what the policy denies and, of what it allows, what is observed. */
  readonly filter: Uint8Array;
  /** The policy's own program: how the observer answers. */
  readonly answers: Uint8Array;
  /** How calls are told apart; by their number alone where a number is not listed. */
  readonly calls: readonly CallPlan[];
  readonly files: readonly FilePlan[];
}

export interface CallPlan {
  readonly number: number;
  /** Six: the bits of each argument that are kept. */
  readonly masks: readonly bigint[];
  /** Arguments of which only is kept whether they are 0. */
  readonly zeroOnly: readonly number[];
}

export interface FilePlan extends FileArgument {
  readonly number: number;
  readonly syscall: string;
}

/**
 * @param within the policy that stays in force meanwhile
 * @param observe `all`: every call, for learning; `denials`: what is denied, and files where the policy confines them
 * @param pass 64 random bits, neither half 0; see `ObservedFilterOptions`
 */
export function planObservation(
  within: { toJSON(): unknown },
  observe: 'all' | 'denials',
  options: { readonly arch: Arch; readonly pass: bigint },
): ObservationPlan {
  const arch = checkWord(options.arch, 'options.arch', arches);
  const content = contentFromJson(within.toJSON());
  const rules = effectiveSeccomp(content);
  const observed = observe === 'all' ? 'all' : content.confinesFiles ? fileSyscalls : new Set<string>();
  const numbers = new Map(syscallEntries(arch));
  return {
    arch,
    filter: compileObserved(rules, { arch, observed, pass: options.pass }),
    answers: compileRules(rules, { arch, log: false }),
    calls: [...numbers].flatMap(([name, number]) => planCall(name, number, rules.rules)),
    files: Object.entries(fileArguments).flatMap(([syscall, list]) => {
      const number = numbers.get(syscall);
      return number === undefined ? [] : list.map((argument) => ({ ...argument, number, syscall }));
    }),
  };
}

/** Whatever a rule looks at must be kept, or it could not be told which rule a call was allowed by. */
function planCall(name: string, number: number, rules: readonly CheckedRule[]): readonly CallPlan[] {
  const masks = Array.from({ length: 6 }, () => 0n);
  const zeroOnly = new Set<number>();
  const keep = (index: number, mask: bigint): void => {
    masks[index] = (masks[index] ?? 0n) | mask;
  };
  for (const interest of interestsOf(name)) {
    if ('zero' in interest) zeroOnly.add(interest.index);
    else keep(interest.index, interest.mask);
  }
  for (const { conditions } of rules.filter((rule) => rule.names.includes(name))) {
    for (const condition of conditions) {
      if (asksForZero(condition)) zeroOnly.add(condition.index);
      else keep(condition.index, condition.mask);
    }
  }
  for (const index of zeroOnly) {
    // Somebody wants more than whether it is 0.
    if (masks[index] !== 0n) zeroOnly.delete(index);
    masks[index] = allBits;
  }
  return masks.every((mask) => mask === 0n) ? [] : [{ number, masks, zeroOnly: [...zeroOnly] }];
}

function asksForZero({ op, value, mask }: Condition): boolean {
  return mask === allBits && value === 0n && (op === '==' || op === '!=');
}
