import type { GuestShell, GuestStep } from './guest-shell.js';
import { shellFailure } from './guest-failure.js';
import { LINUX_DIALECT } from './linux-dialect.js';
import { WINDOWS_DIALECT } from './windows-dialect.js';
import type { ShellDialect } from './guest-shell.js';

export function dialectOf({ os }: GuestShell): ShellDialect {
  return os === 'linux' ? LINUX_DIALECT : WINDOWS_DIALECT;
}

/**
 * Has the container do all steps, also after one that fails.
 * @returns the reason for each step that failed, by its index
 * @throws ContainervError when not every step was come to
 */
export async function runSteps(
  shell: GuestShell,
  steps: readonly GuestStep[],
  direction: 'upload' | 'download',
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, string>> {
  const dialect = dialectOf(shell);
  const { stdout, stderr, exitCode } = await shell.run(dialect.steps(steps, shell.stagingPath), signal);
  const failures = new Map<number, string>();
  const done = new Set<number>();
  for (const { index, failure } of dialect.parseSteps(stdout)) {
    done.add(index);
    if (failure !== undefined) failures.set(index, failure);
  }
  if (steps.some((_, index) => !done.has(index))) throw shellFailure(direction, exitCode, stderr);
  return failures;
}
