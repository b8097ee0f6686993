import type { ContainervError } from 'containerv-api';
import { type SystemFailure, systemError } from './system-error.js';

const ENOENT = 2;
const ENOTDIR = 20;
const ENAMETOOLONG = 36;

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

/** A directory of a layer replaces another, and the overlay of this container could not be told. */
export function marksError(failure: SystemFailure): ContainervError {
  if (failure.errno === ENAMETOOLONG) {
    return systemError(
      { ...failure, step: 'read layer' },
      { code: 'ERR_CONTAINERV_LAYER', what: 'Directories of the layer lie deeper than any path reaches:' },
    );
  }
  return systemError(
    { ...failure, step: 'read layer' },
    {
      code: 'ERR_CONTAINERV_LAYER',
      what: 'Cannot mark as `user.overlay.opaque` what is `trusted.overlay.opaque`:',
      hint: 'Make the layer writable to root once, or use `namespaces: { user: false }`, which reads the marks as they are.',
    },
  );
}
