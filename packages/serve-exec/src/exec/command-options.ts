import { type Container, containerPath, type SpawnOptions } from 'containerv-api';
import { passedEnvironment } from './environment.js';
import { directoryInside } from './paths-inside.js';
import type { ExecRequest } from './request.js';

/** What a command line says of how its command is to run; its streams are not in it. */
export function commandOptions(request: ExecRequest, guest: Container['guest']): SpawnOptions {
  return {
    cwd: request.wdir === undefined ? undefined : workingDirectory(request.wdir, guest),
    user: request.user,
    timeout: request.timeoutMs,
    env: passedEnvironment(process.env, request.env),
  };
}

/** Options of every driver have it as on Linux, and that of Windows spells it anew. */
function workingDirectory(path: string, guest: Container['guest']): string {
  return guest === 'windows' ? containerPath(path, 'linux') : directoryInside(path, guest);
}
