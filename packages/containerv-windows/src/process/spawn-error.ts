import { ContainervError, type ErrorCode, isContainervError, type ProcessSpec } from 'containerv-api';

/** What CreateProcess says inside of the container, by HRESULT. */
const FAILURES: Readonly<Record<number, readonly [what: string, code: ErrorCode, errno: string]>> = {
  0x8007_0002: ['The command does not exist in the container', 'ERR_CONTAINERV_SPAWN', 'ENOENT'],
  0x8007_0003: ['The command does not exist in the container', 'ERR_CONTAINERV_SPAWN', 'ENOENT'],
  0x8007_0005: ['The command may not be executed', 'ERR_CONTAINERV_SPAWN', 'EACCES'],
  0x8007_00c1: ['The command is no program', 'ERR_CONTAINERV_SPAWN', 'ENOEXEC'],
  0x8007_00ce: ['The command line is too long', 'ERR_CONTAINERV_SPAWN', 'E2BIG'],
  0x8007_010b: [
    'The working directory does not exist in the container',
    'ERR_CONTAINERV_NOT_FOUND',
    'ENOENT',
  ],
  0x8007_0718: ['The container has as many processes as it may have', 'ERR_CONTAINERV_SPAWN', 'EAGAIN'],
  0x8007_0525: ['The user does not exist in the container', 'ERR_CONTAINERV_NOT_FOUND', 'ENOENT'],
};

/** A failed start as the contract has it; what it does not know is given back as it is. */
export function spawnError(error: unknown, spec: Pick<ProcessSpec, 'argv' | 'cwd'>): unknown {
  const known = isContainervError(error) && error.hresult !== undefined ? FAILURES[error.hresult] : undefined;
  if (known === undefined || !isContainervError(error)) return error;
  const [what, code, errno] = known;
  return new ContainervError(code, what, {
    step: 'execute command',
    syscall: error.syscall,
    errno,
    path: error.hresult === 0x8007_010b ? spec.cwd : spec.argv[0],
    hresult: error.hresult,
    cause: error,
  });
}
