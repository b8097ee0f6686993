import type { Readable, Writable } from 'node:stream';
import { checkArray, checkInteger, invalidOption } from '../option-check.js';

/**
 * Where one of a process's file descriptors leads, as in `node:child_process`: `'pipe'` to a stream of the
 * `ContainerProcess`, `'inherit'` to the same descriptor of this process, `'ignore'` to `/dev/null`, a number to that
 * descriptor of this process, a stream to the stream.
 */
export type StdioEntry = 'pipe' | 'inherit' | 'ignore' | number | Readable | Writable | null | undefined;

/** One entry for stdin, stdout and stderr alike, or a list by descriptor number, which may be longer than three. */
export type Stdio = 'pipe' | 'inherit' | 'ignore' | readonly StdioEntry[];

export type ResolvedStdioEntry =
  | { readonly kind: 'pipe' }
  | { readonly kind: 'ignore' }
  /** A descriptor of this process. */
  | { readonly kind: 'fd'; readonly fd: number }
  /** A stream without a descriptor of its own; data is copied. */
  | { readonly kind: 'stream'; readonly stream: Readable | Writable };

const MAX_FD = 2 ** 31 - 1;
// What one SCM_RIGHTS message carries is 253; no process needs half as many to start with.
const MAX_ENTRIES = 64;

/** At least three entries; missing and empty ones are `fallback` below 3 and ignored above, as in child_process. */
export function resolveStdio(
  stdio: Stdio | undefined,
  fallback: readonly ResolvedStdioEntry[] = [{ kind: 'pipe' }, { kind: 'pipe' }, { kind: 'pipe' }],
  option = 'stdio',
): readonly ResolvedStdioEntry[] {
  const listed =
    stdio === undefined ? [] : typeof stdio === 'string' ? [stdio, stdio, stdio] : checkArray(stdio, option);
  if (listed.length > MAX_ENTRIES) throw invalidOption(option, `at most ${MAX_ENTRIES} entries`, stdio);
  return Array.from({ length: Math.max(3, listed.length) }, (_, fd) =>
    resolveEntry(listed[fd], fd, fallback[fd], Array.isArray(stdio) ? `${option}[${fd}]` : option),
  );
}

function resolveEntry(
  entry: unknown,
  fd: number,
  fallback: ResolvedStdioEntry = { kind: 'ignore' },
  option: string,
): ResolvedStdioEntry {
  if (entry === undefined || entry === null) return fallback;
  if (entry === 'pipe' || entry === 'ignore') return { kind: entry };
  if (entry === 'inherit') return { kind: 'fd', fd };
  if (typeof entry === 'number') return { kind: 'fd', fd: checkInteger(entry, option, 0, MAX_FD) };
  if (isStream(entry)) {
    const own = 'fd' in entry ? entry.fd : undefined;
    // The descriptor of an ended stream may already be somebody else's.
    const usable = typeof own === 'number' && Number.isInteger(own) && own >= 0 && !entry.destroyed;
    return usable ? { kind: 'fd', fd: own } : { kind: 'stream', stream: entry };
  }
  throw invalidOption(option, "'pipe', 'inherit', 'ignore', a file descriptor or a stream", entry);
}

function isStream(value: unknown): value is Readable | Writable {
  return (
    typeof value === 'object' &&
    value !== null &&
    (('pipe' in value && typeof value.pipe === 'function') ||
      ('write' in value && typeof value.write === 'function'))
  );
}
