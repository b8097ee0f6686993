import { ContainervError, type ErrorCode } from 'containerv-api';

// What programs of busybox, coreutils and our own scripts say. Whatever they say is in the message as well.
const KNOWN: readonly (readonly [pattern: RegExp, code: ErrorCode, hint?: string])[] = [
  [/no such file or directory/i, 'ERR_CONTAINERV_NOT_FOUND'],
  [/permission denied|operation not permitted|access is denied/i, 'ERR_CONTAINERV_PERMISSION'],
  [/is a directory/i, 'ERR_CONTAINERV_SYSTEM', 'End `to` with a slash to put it into that directory.'],
];

/** Why the container's side did not copy something. */
export function guestFailure(step: 'upload' | 'download', path: string, reason: string): ContainervError {
  const said = reason.trim().split('\n')[0] ?? '';
  const [, code, hint] = KNOWN.find(([pattern]) => pattern.test(said)) ?? [];
  return new ContainervError(
    code ?? 'ERR_CONTAINERV_SYSTEM',
    `The container cannot copy '${path}': ${said}`,
    {
      step,
      path,
      hint,
    },
  );
}

/** The shell itself did not do what it was told to. */
export function shellFailure(
  step: 'upload' | 'download',
  exitCode: number | null,
  stderr: Buffer,
): ContainervError {
  const said = stderr.toString('utf8').trim().split('\n')[0] ?? '';
  return new ContainervError(
    'ERR_CONTAINERV_SYSTEM',
    `The shell in the container ended with ${exitCode} before everything was copied${said === '' ? '' : `: ${said}`}`,
    { step, hint: 'Transfers need `/bin/sh` in Linux containers, and `cmd.exe` in Windows containers.' },
  );
}
