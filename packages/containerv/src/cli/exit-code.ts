import {
  type ContainervError,
  type ExitStatus,
  isContainervError,
  type Signal,
  signalNumber,
} from 'containerv-api';

/** containerv itself failed. */
export const OWN_FAILURE = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
const SIGNAL_BASE = 128;

/** As a shell gives it: the command's own, or 128 and the signal's number. */
export function exitCodeOf({ exitCode, signal }: Pick<ExitStatus, 'exitCode' | 'signal'>): number {
  if (exitCode !== null) return exitCode;
  return signal === null ? OWN_FAILURE : exitCodeOfSignal(signal as Signal);
}

export function exitCodeOfSignal(signal: Signal): number {
  return SIGNAL_BASE + signalNumber(signal);
}

/** 126 and 127 when the command could not be started, as a shell has it; 125 for everything else. */
export function exitCodeOfError(error: unknown): number {
  if (!isContainervError(error) || error.code !== 'ERR_CONTAINERV_SPAWN') return OWN_FAILURE;
  return isMissing(error) ? NOT_FOUND : NOT_EXECUTABLE;
}

function isMissing({ errno }: ContainervError): boolean {
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}
