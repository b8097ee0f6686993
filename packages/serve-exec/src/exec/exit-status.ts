import { type ExitStatus, isContainervError, type Signal, signalNumber } from 'containerv-api';

/** serve-exec itself failed. */
export const OWN_FAILURE = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
const SIGNAL_BASE = 128;

/** As a shell gives it: the command's own, or 128 and the signal's number. */
export function statusOf({ exitCode, signal }: Pick<ExitStatus, 'exitCode' | 'signal'>): number {
  if (exitCode !== null) return exitCode;
  return signal === null ? OWN_FAILURE : statusOfSignal(signal as Signal);
}

export function statusOfSignal(signal: Signal): number {
  return SIGNAL_BASE + signalNumber(signal);
}

/** 127 for a command that is not there, 126 for one that cannot be executed, 125 for everything else. */
export function statusOfError(error: unknown): number {
  if (!isContainervError(error)) return OWN_FAILURE;
  const { code, step, errno } = error;
  if (code !== 'ERR_CONTAINERV_SPAWN' || (step !== 'find command' && step !== 'execute command'))
    return OWN_FAILURE;
  return errno === 'ENOENT' || errno === 'ENOTDIR' ? NOT_FOUND : NOT_EXECUTABLE;
}

/** Why a command ended, where its status would be a riddle. */
export function explanationOf({ cause }: Pick<ExitStatus, 'cause'>): string | undefined {
  if (cause === 'timeout') return 'the command took longer than --timeout';
  if (cause === 'oom') return 'the command ran out of memory';
  return cause === 'destroyed' ? 'the container ended before the command did' : undefined;
}
