import { errnoText } from './errno.js';

/** Every `code` a {@link ContainervError} can carry. Match on these, never on messages. */
export type ErrorCode =
  /** An option has the wrong type, range or name. Nothing was touched. */
  | 'ERR_CONTAINERV_INVALID_OPTION'
  /** A policy names an unknown syscall, a relative path, or a rule that means nothing. */
  | 'ERR_CONTAINERV_INVALID_POLICY'
  /** No driver for this platform is installed, or it cannot be loaded. */
  | 'ERR_CONTAINERV_NO_DRIVER'
  /** The host lacks a feature that was asked for; `hint` names it. */
  | 'ERR_CONTAINERV_UNSUPPORTED'
  /** The caller may not do this. */
  | 'ERR_CONTAINERV_PERMISSION'
  /** A container, file, directory or user does not exist. */
  | 'ERR_CONTAINERV_NOT_FOUND'
  /** The id is in use. */
  | 'ERR_CONTAINERV_EXISTS'
  /** The container or process is in the wrong state for the call. */
  | 'ERR_CONTAINERV_STATE'
  /** The command could not be started: not found (`ENOENT`), not executable (`EACCES`, `ENOEXEC`). */
  | 'ERR_CONTAINERV_SPAWN'
  /** A deadline passed. */
  | 'ERR_CONTAINERV_TIMEOUT'
  /** An `AbortSignal` fired; `cause` is its reason. */
  | 'ERR_CONTAINERV_ABORTED'
  /** Setting up the network failed. */
  | 'ERR_CONTAINERV_NETWORK'
  /** A layer or root file system cannot be used. */
  | 'ERR_CONTAINERV_LAYER'
  /** The Windows Host Compute Service refused; `hresult` says why. */
  | 'ERR_CONTAINERV_HCS'
  /** The Windows Host Networking Service refused; `hresult` says why. */
  | 'ERR_CONTAINERV_HNS'
  /** The container's init answered something unexpected, or not at all. */
  | 'ERR_CONTAINERV_PROTOCOL'
  /** A system call failed for a reason that none of the other codes describes; see `errno`. */
  | 'ERR_CONTAINERV_SYSTEM'
  /** `run` ended with a non-zero exit code or by a signal, and `reject` is not `false`. */
  | 'ERR_CONTAINERV_RUN';

/** What is known about a failure beyond its code. Every field is optional. */
export interface ErrorDetails {
  /** What was being done, as a phrase: `'mount overlay'`. */
  readonly step?: string | undefined;
  /** The system call or function that failed: `'openat2'`. */
  readonly syscall?: string | undefined;
  /** The symbolic name of the error: `'ENOENT'`. */
  readonly errno?: string | undefined;
  /** The path (or option name, for `INVALID_OPTION`, none) that the failure is about. */
  readonly path?: string | undefined;
  /** The HRESULT of a failed Windows call, unsigned. */
  readonly hresult?: number | undefined;
  /** What to do about it, as a sentence or a command. */
  readonly hint?: string | undefined;
  /** What caused it, unchanged. */
  readonly cause?: unknown;
}

/**
 * The one error that containerv rejects with.
 *
 * `message` reads `step: what 'path' (syscall: errno, text)`, followed by the hint on a line of its own, so that an
 * uncaught error shows everything; `summary` is the same without the hint.
 */
export class ContainervError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'ContainervError',
      configurable: true,
      writable: true,
    });
  }

  readonly code: ErrorCode;
  declare readonly step?: string;
  declare readonly syscall?: string;
  declare readonly errno?: string;
  declare readonly path?: string;
  declare readonly hresult?: number;
  /** What to do about it. Not enumerable, because `message` already ends with it. */
  declare readonly hint?: string;
  /** `message` without the hint. Not enumerable. */
  declare readonly summary: string;

  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    const summary = compose(what, details);
    super(
      details.hint === undefined ? summary : `${summary}\n  hint: ${details.hint}`,
      'cause' in details ? { cause: details.cause } : undefined,
    );
    this.code = code;
    for (const key of ['step', 'syscall', 'errno', 'path', 'hresult'] as const) {
      const value = details[key];
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true });
    }
    if (details.hint !== undefined) Object.defineProperty(this, 'hint', { value: details.hint });
    Object.defineProperty(this, 'summary', { value: summary });
  }
}

function compose(what: string, { step, syscall, errno, path, hresult }: ErrorDetails): string {
  let text = step === undefined ? what : `${step}: ${what}`;
  if (path !== undefined && !text.includes(path)) text += ` '${path}'`;
  const reason: string[] = [];
  if (errno !== undefined) reason.push(errnoText(errno));
  if (hresult !== undefined) reason.push(`0x${(hresult >>> 0).toString(16).padStart(8, '0')}`);
  const said = reason.join(', ');
  if (syscall !== undefined) text += said === '' ? ` (${syscall})` : ` (${syscall}: ${said})`;
  else if (said !== '') text += ` (${said})`;
  return text;
}

/** Whether `value` is a {@link ContainervError}, also one from another copy of this package. */
export function isContainervError(value: unknown): value is ContainervError {
  return (
    value instanceof Error &&
    'code' in value &&
    typeof value.code === 'string' &&
    value.code.startsWith('ERR_CONTAINERV_')
  );
}
