import { createHash } from 'node:crypto';
import { type CompileOptions, compileRules } from './compile.js';
import type { SeccompRules } from './rule.js';

/** Programs by the hash of what they were compiled from; a program has a few kilobytes. */
const programs = new Map<string, Uint8Array>();
const maxPrograms = 64;

/** {@link compileRules}, once for equal rules. The result is the caller's own copy. */
export function compileOnce(rules: SeccompRules, rulesHash: string, options: CompileOptions): Uint8Array {
  const key = `${rulesHash} ${options.arch} ${options.log}`;
  const known = programs.get(key);
  if (known !== undefined) {
    // Moved to the end, so that the least recently used one goes first.
    programs.delete(key);
    programs.set(key, known);
    return known.slice();
  }
  const program = compileRules(rules, options);
  const oldest = programs.size < maxPrograms ? undefined : programs.keys().next().value;
  if (oldest !== undefined) programs.delete(oldest);
  programs.set(key, program);
  return program.slice();
}

/** Equal for rules that compile to the same programs, whatever their reasons say. */
export function hashRules({ defaultAnswer, unknownAnswer, rules }: SeccompRules): string {
  const hash = createHash('sha256').update(`${defaultAnswer} ${unknownAnswer}\n`);
  for (const { names, answer, conditions, arches } of rules) {
    const tests = conditions.map(({ index, op, value, mask }) => `${index} ${mask} ${op} ${value}`);
    hash.update(`${names.join()} ${answer} ${tests.join()} ${arches.join()}\n`);
  }
  return hash.digest('hex');
}
