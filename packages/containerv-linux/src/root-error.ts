import type { ContainervError } from 'containerv-api';
import { type SystemFailure, systemError } from './system-error.js';

const ENOENT = 2;
const ENOTDIR = 20;

/** A directory that the root is to be made of is none. */
export function rootError(failure: SystemFailure): ContainervError {
  const hints: Readonly<Record<number, string>> = {
    [ENOENT]: 'It is a directory on the host that holds a whole system: bin, lib, usr, ...',
    [ENOTDIR]: 'Unpack an archive or mount an image first, and give its directory.',
  };
  return systemError(
    { ...failure, step: 'open root' },
    {
      code: 'ERR_CONTAINERV_LAYER',
      what: failure.errno === ENOTDIR ? 'The root is not a directory:' : 'The root cannot be used:',
      hint: hints[failure.errno],
    },
  );
}
