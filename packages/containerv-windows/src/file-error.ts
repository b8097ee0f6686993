import { ContainervError, type ErrorCode, isContainervError } from 'containerv-api';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'ERR_CONTAINERV_NOT_FOUND',
  EEXIST: 'ERR_CONTAINERV_EXISTS',
  EACCES: 'ERR_CONTAINERV_PERMISSION',
  EPERM: 'ERR_CONTAINERV_PERMISSION',
};

/** `work`, with what the file system refuses as an error of ours. */
export async function withFileErrors<T>(step: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, step, path);
  }
}

function fileError(error: unknown, step: string, path: string): unknown {
  if (isContainervError(error) || !(error instanceof Error) || !('code' in error)) return error;
  const { code, syscall, path: where } = error as NodeJS.ErrnoException;
  return new ContainervError(CODES[code ?? ''] ?? 'ERR_CONTAINERV_SYSTEM', `Cannot ${step}`, {
    step,
    syscall,
    errno: code,
    path: where ?? path,
    cause: error,
  });
}
