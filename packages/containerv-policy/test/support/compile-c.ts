import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** By the package's own name, because the benchmark is bundled to another place. */
const testDirectory = join(
  dirname(createRequire(import.meta.url).resolve('containerv-policy/package.json')),
  'test',
);

/** A C program of the tests, or why there is none: the reason goes into the name of what is skipped. */
export type CProgram = { readonly path: string } | { readonly unavailable: string };

/** Compiles `source`, a path below `test/`, with warnings as errors. A program that does not compile is a failure. */
export function compileC(source: string, directory: string, flags: readonly string[] = []): CProgram {
  if (process.platform !== 'linux') return { unavailable: `Linux only, this is ${process.platform}` };
  const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) return { unavailable: 'no C compiler' };
  mkdirSync(directory, { recursive: true });
  const from = join(testDirectory, source);
  const path = join(directory, source.replaceAll(/\W/g, '-'));
  const run = spawnSync(compiler, ['-O1', '-Wall', '-Wextra', '-Werror', '-o', path, from, ...flags], {
    encoding: 'utf8',
  });
  if (run.status !== 0 || !existsSync(path)) throw new Error(`${compiler} ${source}: ${run.stderr}`);
  return { path };
}

/** The program's path; where it is unavailable the test that calls this must have been skipped. */
export function pathOf(program: CProgram): string {
  if ('path' in program) return program.path;
  throw new Error(program.unavailable);
}

/** ` (skipped: no C compiler)` for the title of a suite, or nothing. */
export function whySkipped(program: CProgram): string {
  return 'unavailable' in program ? ` (skipped: ${program.unavailable})` : '';
}
