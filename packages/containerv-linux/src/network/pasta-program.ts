import { accessSync, constants } from 'node:fs';
import { findProgram } from '../find-program.js';

const TUN = '/dev/net/tun';

/** Why a user without privileges can have no private network here, and what mends it. */
export interface PastaLack {
  readonly what: string;
  readonly fix: string;
}

export type PastaProgram = { readonly program: string } | { readonly lack: PastaLack };

export type Access = (file: string, mode: number) => boolean;

/** Where pasta(1) is, of the package passt, and whether it could do its work. */
export function findPasta(access: Access = mayAccess): PastaProgram {
  const program = findProgram('pasta', (file) => access(file, constants.X_OK));
  if (program === undefined) {
    return { lack: { what: '`pasta` is not installed', fix: 'sudo apt-get install passt' } };
  }
  if (!access(TUN, constants.F_OK)) {
    return { lack: { what: `there is no ${TUN}`, fix: 'sudo modprobe tun' } };
  }
  if (!access(TUN, constants.R_OK | constants.W_OK)) {
    return { lack: { what: `this user may not open ${TUN}`, fix: `sudo chmod 666 ${TUN}` } };
  }
  return { program };
}

function mayAccess(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
