import { parseByteSize } from '../byte-size.js';
import {
  checkBoolean,
  checkInteger,
  checkOptions,
  conflictingOptions,
  invalidOption,
} from '../option-check.js';
import { checkAbortSignal } from '../options/abort-signal.js';
import type { LogOptions } from './log-options.js';
import type { SpawnOptions } from './spawn-options.js';

const DEFAULT_LOG_BYTES = 1024 ** 2;
const LEAST_BYTES = 4096;
const MOST_BYTES = 64 * 1024 ** 2;

/** How much of a process's output is kept; `undefined`: none. */
export function resolveLog({ log, tty, stdio }: SpawnOptions): number | undefined {
  if (log === undefined || log === false) return undefined;
  for (const [name, value] of Object.entries({ tty: tty === false ? undefined : tty, stdio })) {
    if (value === undefined) continue;
    throw conflictingOptions(
      `\`log\` and \`${name}\` exclude each other`,
      'A log is where stdout and stderr go.',
    );
  }
  if (log === true) return DEFAULT_LOG_BYTES;
  const bytes = parseByteSize(log, 'log');
  if (bytes >= LEAST_BYTES && bytes <= MOST_BYTES) return bytes;
  throw invalidOption('log', 'true, or a size from 4K to 64M', log);
}

/** @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` */
export function resolveLogOptions(options: LogOptions = {}): LogOptions {
  checkOptions(options, 'options', ['pid', 'follow', 'signal']);
  return {
    pid: options.pid === undefined ? undefined : checkInteger(options.pid, 'pid', 2, 2 ** 22),
    follow: checkBoolean(options.follow ?? false, 'follow'),
    signal: checkAbortSignal(options.signal),
  };
}
