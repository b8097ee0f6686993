import {
  checkOptions,
  type ObservedRun,
  type ObserveOptions,
  type PolicyName,
  type SecurityPolicy,
} from 'containerv-api';
import { listDenials } from 'containerv-policy';
import { resolvePolicy } from '../confinement.js';
import { OBSERVE_OPTIONS, observeRun } from './observe-run.js';

/**
 * Runs a command in a container of its own, under a policy, and tells what was denied and what would allow it.
 *
 * System calls are those that were denied. Files are those that the program used and no rule allows, whether or not
 * this kernel enforces rules for files.
 *
 * @throws ContainervError as `createContainer` and `spawn`; `ERR_CONTAINERV_UNSUPPORTED` before Linux 5.6
 */
export async function checkPolicy(
  policy: SecurityPolicy | PolicyName,
  command: string,
  args: readonly string[] = [],
  options: ObserveOptions = {},
): Promise<ObservedRun> {
  checkOptions(options, 'options', OBSERVE_OPTIONS);
  const resolved = resolvePolicy(policy);
  const { status, observations } = await observeRun(resolved, 'denials', command, args, options);
  return { status, denied: listDenials(observations, resolved.paths) };
}
