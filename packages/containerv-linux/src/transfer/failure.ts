import type { ContainervError } from 'containerv-api';
import { type SystemFailure, systemError } from '../system-error.js';

const ENOTDIR = 20;
const EISDIR = 21;
const ENAMETOOLONG = 36;
const ELOOP = 40;
const EOPNOTSUPP = 95;
const ECONNRESET = 104;

const HINTS: Readonly<Record<number, { readonly what: string; readonly hint: string }>> = {
  [EOPNOTSUPP]: {
    what: 'Neither a file, nor a directory, nor a symbolic link:',
    hint: 'Devices, pipes and sockets are not copied.',
  },
  [EISDIR]: {
    what: 'Cannot put a file in the place of a directory:',
    hint: 'End `to` with a slash to put it into that directory.',
  },
  [ENOTDIR]: {
    what: 'Not a directory:',
    hint: 'A directory is merged into one that is there, and never put in the place of anything else.',
  },
  [ELOOP]: {
    what: 'A symbolic link is in the way:',
    hint: 'Links at the target are never followed below `to` itself.',
  },
  [ENAMETOOLONG]: {
    what: 'Nested too deeply, or too long a name:',
    hint: '256 directories below each other are copied. Copy what lies deeper by itself.',
  },
  [ECONNRESET]: {
    what: 'The process that copies was killed:',
    hint: 'The container ended, or something in it killed every process that it could.',
  },
};

/** What could not be copied, and why. */
export function transferFailure(failure: SystemFailure): ContainervError {
  const known = HINTS[failure.errno];
  if (known === undefined) return systemError(failure, { what: 'Cannot copy' });
  return systemError(
    failure,
    failure.errno === ECONNRESET ? { ...known, code: 'ERR_CONTAINERV_STATE' } : known,
  );
}
