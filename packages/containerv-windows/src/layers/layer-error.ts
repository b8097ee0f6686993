import { ContainervError } from 'containerv-api';

export function layerError(what: string, path: string, hint?: string, cause?: unknown): ContainervError {
  return new ContainervError('ERR_CONTAINERV_LAYER', what, {
    step: 'resolve layers',
    path,
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
