import { containerPath, type ContainerSpec, type ProcessSpec } from 'containerv-api';
import { quoteCommandLine } from '../command-line.js';
import { ociProcess } from '../lcow/oci-process.js';
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
  if (spec.windows?.containerType === 'linux') {
    return { OciProcess: ociProcess(process, policy, spec.oomScoreAdj), ...pipes(process) };
  }
  return compact({
    CommandLine: quoteCommandLine(process.argv),
    User: windowsAccount(process.user, policy),
    WorkingDirectory: containerPath(process.cwd, 'wcow'),
    Environment: windowsEnvironment(process.env),
    EmulateConsole: process.tty !== undefined,
    // Height first.
    ConsoleSize: process.tty === undefined ? undefined : [process.tty.rows, process.tty.columns],
    ...pipes(process),
  });
}

/** A terminal is one stream of output. What is ignored has no pipe, which is an empty stdin and discarded output. */
function pipes({ stdio, tty }: ProcessSpec): JsonObject {
  const wanted = (fd: number): boolean => tty !== undefined || stdio[fd]?.kind !== 'ignore';
  return {
    CreateStdInPipe: wanted(0),
    CreateStdOutPipe: wanted(1),
    CreateStdErrPipe: tty === undefined && wanted(2),
  };
}
