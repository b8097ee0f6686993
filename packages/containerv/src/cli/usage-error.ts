import { ContainervError } from 'containerv-api';

/** A command line that means nothing; the hint says where the help is. */
export function usageError(what: string, hint: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_INVALID_OPTION', what, { hint });
}
