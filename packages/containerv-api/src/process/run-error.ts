import { ContainervError, type ErrorCode, type ErrorDetails } from '../errors.js';
import type { ExitCause } from './exit-status.js';
import type { RunOutput, RunResult } from './run-options.js';

/** What `run` rejects with when the command started but did not end well; `result` holds all that it gave. */
export class RunError extends ContainervError {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'RunError', configurable: true, writable: true });
  }
  readonly result: RunResult<RunOutput | Buffer | string[]>;

  constructor(
    code: ErrorCode,
    what: string,
    result: RunResult<RunOutput | Buffer | string[]>,
    details?: ErrorDetails,
  ) {
    super(code, what, details);
    this.result = result;
  }
}

const STDERR_LINES = 10;

/**
 * The error of a run that ended other than by exit code 0. Code `ERR_CONTAINERV_TIMEOUT` or `_ABORTED` when that is
 * why, otherwise `ERR_CONTAINERV_RUN`; the message has the command, how it ended and the last lines of stderr.
 */
export function runError(
  argv: readonly string[],
  result: RunResult<string | string[] | Buffer>,
  cause: ExitCause,
  details?: ErrorDetails,
): RunError {
  const code =
    cause === 'timeout'
      ? 'ERR_CONTAINERV_TIMEOUT'
      : cause === 'aborted'
        ? 'ERR_CONTAINERV_ABORTED'
        : 'ERR_CONTAINERV_RUN';
  const said = lastLines(result.stderr);
  const what = `Command ${ending(result, cause)}: ${argv.map(quote).join(' ')}`;
  return new RunError(code, said === '' ? what : `${what}\n${said}`, result, details);
}

function ending(result: RunResult<unknown>, cause: ExitCause): string {
  const how = result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`;
  switch (cause) {
    case 'exit':
      return `failed with ${how}`;
    case 'signal':
      return `was ended by ${how}`;
    case 'oom':
      return `ran out of memory (${how})`;
    case 'timeout':
      return `timed out after ${Math.round(result.durationMs)} ms (${how})`;
    case 'aborted':
      return `was aborted (${how})`;
    case 'seccomp':
      return `made a forbidden system call (${how})`;
    case 'destroyed':
      return 'ended with its container';
  }
}

/** Enough quoting for people to read and mostly paste; nothing runs it. */
function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

function lastLines(output: string | string[] | Buffer): string {
  const lines = Array.isArray(output) ? output : output.toString().trimEnd().split('\n');
  return lines.slice(-STDERR_LINES).join('\n').trimEnd();
}
