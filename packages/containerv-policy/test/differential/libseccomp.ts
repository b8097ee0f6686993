import { spawnSync } from 'node:child_process';
import type { Arch } from '../../src/arch.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import { type CProgram, compileC, pathOf } from '../support/compile-c.js';

/** A condition as libseccomp takes it: for `MASKED_EQ` `a` is the mask and `b` the value. */
export interface LibseccompCondition {
  readonly index: number;
  readonly op: 'NE' | 'LT' | 'LE' | 'EQ' | 'GE' | 'GT' | 'MASKED_EQ';
  readonly a: bigint;
  readonly b: bigint;
}

export interface LibseccompRule {
  readonly name: string;
  readonly answer: number;
  readonly conditions: readonly LibseccompCondition[];
}

export interface LibseccompFilter {
  readonly program: Uint8Array;
  /** Syscalls that the installed library is too old to know. */
  readonly unknown: readonly string[];
}

const operators = ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'] as const;

/** The harness, if it can be compiled and finds the library (Debian: `apt-get install libseccomp2`). */
export function libseccompHarness(directory: string): CProgram {
  const program = compileC('differential/libseccomp-export.c', directory, ['-ldl']);
  if (!('path' in program)) return program;
  const run = spawnSync(program.path, { input: '' });
  return run.status === 77 ? { unavailable: 'libseccomp.so.2 is not installed' } : program;
}

export function buildWithLibseccomp(
  harness: CProgram,
  arch: Arch,
  { tree, defaultAnswer, rules }: { tree: boolean; defaultAnswer: number; rules: readonly LibseccompRule[] },
): LibseccompFilter {
  const known = rules.filter(({ name }) => syscallNumber(name, arch) !== undefined);
  const description = [
    `arch ${arch === 'x64' ? 'x86_64' : 'aarch64'}`,
    `optimize ${tree ? 2 : 1}`,
    `default ${defaultAnswer.toString(16)}`,
    ...known.map(
      ({ name, answer, conditions }) =>
        `rule ${syscallNumber(name, arch)} ${name} ${answer.toString(16)} ${conditions.length}${conditions
          .map(
            ({ index, op, a, b }) =>
              ` ${index} ${operators.indexOf(op) + 1} ${a.toString(16)} ${b.toString(16)}`,
          )
          .join('')}`,
    ),
  ].join('\n');
  const { status, stdout, stderr } = spawnSync(pathOf(harness), { input: description, maxBuffer: 1 << 24 });
  const said = stderr.toString();
  if (status !== 0) throw new Error(`libseccomp: ${said}\n${description}`);
  return {
    program: new Uint8Array(stdout),
    unknown: [...new Set([...said.matchAll(/^unknown (\w+)$/gm)].map(([, name]) => name ?? ''))],
  };
}
