import { ContainervError, type ErrorCode, type ErrorDetails, linuxErrnoName } from 'containerv-api';
import { usualHint } from './usual-hint.js';

/** A failed system call as the addon throws it and as init reports it. */
export interface SystemFailure {
  readonly step: string;
  readonly syscall: string;
  /** Positive errno. */
  readonly errno: number;
  readonly path?: string | undefined;
  readonly detail?: string | undefined;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  EPERM: 'ERR_CONTAINERV_PERMISSION',
  EACCES: 'ERR_CONTAINERV_PERMISSION',
  ENOENT: 'ERR_CONTAINERV_NOT_FOUND',
  ENOTDIR: 'ERR_CONTAINERV_NOT_FOUND',
  EEXIST: 'ERR_CONTAINERV_EXISTS',
  ENOSYS: 'ERR_CONTAINERV_UNSUPPORTED',
  ENODEV: 'ERR_CONTAINERV_UNSUPPORTED',
  EOPNOTSUPP: 'ERR_CONTAINERV_UNSUPPORTED',
  ESHUTDOWN: 'ERR_CONTAINERV_STATE',
  EBADMSG: 'ERR_CONTAINERV_PROTOCOL',
};

/** The error for a failed call; `details` fills in a hint, or another code than the errno's usual one. */
export function systemError(
  failure: SystemFailure,
  details: {
    readonly code?: ErrorCode;
    readonly what?: string;
    readonly hint?: string | undefined;
    readonly cause?: unknown;
  } = {},
): ContainervError {
  const errno = linuxErrnoName(failure.errno);
  const path = failure.path === '' ? undefined : failure.path;
  const said = failure.detail === undefined || failure.detail === '' ? '' : ` (${failure.detail})`;
  const shown: ErrorDetails = {
    step: failure.step,
    syscall: failure.syscall,
    errno,
    path,
    hint: details.hint ?? usualHint(failure),
  };
  return new ContainervError(
    details.code ?? CODES[errno] ?? 'ERR_CONTAINERV_SYSTEM',
    (details.what ?? 'Cannot') + said,
    'cause' in details ? { ...shown, cause: details.cause } : shown,
  );
}

/** The failure in an error that the addon or `node:fs` threw; `undefined` for anything else. */
export function failureOf(error: unknown, step: string): SystemFailure | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('errno' in error)) return undefined;
  const {
    syscall,
    errno,
    path,
    step: own,
  } = error as { syscall: unknown; errno: unknown; path?: unknown; step?: unknown };
  if (typeof syscall !== 'string' || typeof errno !== 'number') return undefined;
  return {
    step: typeof own === 'string' ? own : step,
    syscall,
    errno: Math.abs(errno),
    path: typeof path === 'string' ? path : undefined,
  };
}
