import { checkOptions, type LearnOptions, type LearnReport } from 'containerv-api';
import { createPolicy, learnedPolicy, listDenials, type Policy } from 'containerv-policy';
import { resolvePolicy } from '../confinement.js';
import { OBSERVE_OPTIONS, observeRun } from './observe-run.js';

/**
 * Runs a command in a container of its own and gives the policy under which the same happens again. Meanwhile `within`
 * is in force, and the result allows nothing that it does not. Nothing is applied.
 *
 * The command need not succeed; look at `status` before you keep the policy.
 *
 * @throws ContainervError as `createContainer` and `spawn`; `ERR_CONTAINERV_UNSUPPORTED` before Linux 5.6
 * @example
 * const { policy } = await learnPolicy('make', ['test'], { container: { mounts, cwd: '/workspace' } });
 * await writeFile('policy.json', JSON.stringify(policy, undefined, 2));
 */
export async function learnPolicy(
  command: string,
  args: readonly string[] = [],
  options: LearnOptions = {},
): Promise<LearnReport<Policy>> {
  checkOptions(options, 'options', [...OBSERVE_OPTIONS, 'within', 'into', 'workspace', 'files', 'name']);
  const within = resolvePolicy(options.within ?? createPolicy('build').extend('network'));
  const { status, observations } = await observeRun(within, 'all', command, args, options);
  const learned = learnedPolicy(observations, {
    within,
    into: options.into,
    workspace: options.workspace ?? options.process?.cwd ?? options.container?.cwd,
    files: options.files,
    name: options.name,
  });
  return { ...learned, status, denied: listDenials(observations, resolvePolicy(within).paths) };
}
