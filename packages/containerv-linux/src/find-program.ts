import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Not the caller's PATH: what is found first there may be a file of the project that is to be confined. */
const DIRECTORIES = ['/usr/local/bin', '/usr/bin', '/bin', '/run/wrappers/bin', '/run/current-system/sw/bin'];

export type MayExecute = (file: string) => boolean;

/** Where a program of the system is; `undefined`: nowhere. */
export function findProgram(name: string, mayExecute: MayExecute = executable): string | undefined {
  return DIRECTORIES.map((directory) => path.join(directory, name)).find((file) => mayExecute(file));
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
