import { containerPath, ContainervError, type ContainerSpec, type ProcessSpec } from 'containerv-api';
import { securityLevels } from 'containerv-policy';
import { quoteCommandLine } from '../command-line.js';
import { ociProcess } from '../lcow/oci-process.js';
import { policyOf } from '../security/policy.js';
import { windowsAccount } from '../security/windows-account.js';
import { windowsEnvironment } from './environment.js';
import { compact, type JsonObject } from './json.js';

/**
 * What `HcsCreateProcess` takes for a process of a container: pure, the same for the same input.
 *
 * In a Windows container it has one command line, quoted so that the program gets its arguments exactly, and an
 * account. In a Linux container it has the whole OCI process, so that what joins later is confined like everything else.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for users and confinement that cannot be told,
 * `_SPAWN` for a command line that is too long.
 */
export function buildProcessParameters(spec: ContainerSpec, process: ProcessSpec): JsonObject {
  const policy = process.policy ?? spec.policy;
  if (process.cpuAffinity !== undefined) {
    throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'containerv-windows has no `cpuAffinity`', {
      step: 'check options',
      hint: 'Share processor time with `limits.cpus` instead.',
    });
  }
  if (spec.windows?.containerType === 'linux') {
    return { OciProcess: ociProcess(process, policy, spec.oomScoreAdj), ...pipes(process) };
  }
  return compact({
    CommandLine: quoteCommandLine(process.argv),
    User: windowsAccount(process.user, narrower(spec.policy, process.policy)),
    WorkingDirectory: containerPath(process.cwd, 'wcow'),
    Environment: windowsEnvironment(process.env),
    EmulateConsole: process.tty !== undefined,
    // Height first.
    ConsoleSize: process.tty === undefined ? undefined : [process.tty.rows, process.tty.columns],
    ...pipes(process),
  });
}

/** A process can only have less than its container: a level that forces an account does so for both. */
function narrower(
  container: ContainerSpec['policy'],
  process: ProcessSpec['policy'],
): ContainerSpec['policy'] {
  if (process === undefined) return container;
  const forces = (policy: ContainerSpec['policy']): boolean =>
    securityLevels[policyOf(policy).securityLevel].windows.user !== undefined;
  return forces(container) && !forces(process) ? container : process;
}

/** A terminal is one stream of output. What is ignored has no pipe, which is an empty stdin and discarded output. */
function pipes({ stdio, tty, logBytes }: ProcessSpec): JsonObject {
  const logged = (fd: number): boolean => fd > 0 && logBytes !== undefined;
  const wanted = (fd: number): boolean => tty !== undefined || logged(fd) || stdio[fd]?.kind !== 'ignore';
  return {
    CreateStdInPipe: wanted(0),
    CreateStdOutPipe: wanted(1),
    CreateStdErrPipe: tty === undefined && wanted(2),
  };
}
