import { type ContainerSpec, resolveSpawnOptions } from 'containerv-api';
import { securityLevels } from 'containerv-policy';
import { policyOf } from '../security/policy.js';
import { buildProcessParameters } from './build-process-parameters.js';
import { compact, type JsonObject } from './json.js';

/** Its name in the directory that describes a container. */
export const JOIN_FILE = 'join.json';

/**
 * What programs need that run commands in a container without this driver (`native/serve-exec`): whose system it is, and
 * the parameters of a process but for the command itself. How a command is confined is decided here, where it is decided
 * for all others.
 *
 * @param owner as the compute system has it: one of the same id that somebody else made is not to be entered
 */
export function buildJoinDocument(spec: ContainerSpec, owner: string): JsonObject {
  const process = resolveSpawnOptions('-', [], { stdio: 'ignore' }, spec);
  const { CommandLine: _, ...parameters } = buildProcessParameters(spec, process);
  const linux = spec.windows?.containerType === 'linux';
  return compact({
    version: 1,
    owner,
    guest: linux ? 'linux' : 'windows',
    // Whether a command may be ContainerAdministrator.
    administrator: linux
      ? undefined
      : securityLevels[policyOf(spec.policy).securityLevel].windows.user === undefined,
    parameters,
  });
}
