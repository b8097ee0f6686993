import type { Readable } from 'node:stream';
import {
  checkBoolean,
  checkInteger,
  checkOptions,
  checkWord,
  conflictingOptions,
  deepFreeze,
  invalidOption,
} from '../option-check.js';
import {
  type ProcessDefaults,
  type ProcessSpec,
  resolveProcess,
  SPAWN_OPTION_NAMES,
  STANDARD_DEFAULTS,
} from './process-spec.js';
import type { RunOptions } from './run-options.js';

/** {@link RunOptions} with everything checked and filled in; frozen. */
export interface RunSpec extends ProcessSpec {
  /** `undefined`: stdin is not written to. */
  readonly input: string | Uint8Array | Readable | undefined;
  readonly encoding: BufferEncoding | 'buffer';
  readonly maxBufferBytes: number;
  readonly reject: boolean;
  readonly lines: boolean;
}

const DEFAULT_MAX_BUFFER_BYTES = 64 * 1024 ** 2;
const ENCODINGS = [
  'utf8',
  'utf-8',
  'utf16le',
  'utf-16le',
  'ucs2',
  'ucs-2',
  'latin1',
  'binary',
  'ascii',
  'base64',
  'base64url',
  'hex',
  'buffer',
] as const;

/**
 * As `resolveSpawnOptions`, with the options of `run`. Stdin is empty unless `input` or `stdio` says otherwise, so that
 * a command that reads it ends instead of waiting for ever.
 */
export function resolveRunOptions(
  command: string,
  args: readonly string[] = [],
  options: RunOptions = {},
  container: ProcessDefaults = STANDARD_DEFAULTS,
): RunSpec {
  checkOptions(options, 'options', [
    ...SPAWN_OPTION_NAMES,
    'input',
    'encoding',
    'maxBuffer',
    'reject',
    'lines',
  ]);
  const { input, encoding = 'utf8', lines = false } = options;
  if (lines && encoding === 'buffer')
    throw conflictingOptions("`lines` and `encoding: 'buffer'` exclude each other");
  if (options.log !== undefined && options.log !== false) {
    throw conflictingOptions('`run` collects the output itself, `log` is for `spawn`');
  }
  const process = resolveProcess(command, args, options, container, [
    { kind: input === undefined ? 'ignore' : 'pipe' },
    { kind: 'pipe' },
    { kind: 'pipe' },
  ]);
  if (input !== undefined && process.stdio[0]?.kind !== 'pipe') {
    throw conflictingOptions('`input` needs stdin to be a pipe');
  }
  return deepFreeze({
    ...process,
    input: checkInput(input),
    encoding: checkWord(encoding, 'encoding', ENCODINGS),
    maxBufferBytes: checkInteger(
      options.maxBuffer ?? DEFAULT_MAX_BUFFER_BYTES,
      'maxBuffer',
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    reject: checkBoolean(options.reject ?? true, 'reject'),
    lines: checkBoolean(lines, 'lines'),
  });
}

function checkInput(input: unknown): RunSpec['input'] {
  if (input === undefined || typeof input === 'string' || input instanceof Uint8Array) return input;
  if (typeof input === 'object' && input !== null && 'pipe' in input && typeof input.pipe === 'function') {
    return input as Readable;
  }
  throw invalidOption('input', 'a string, a Uint8Array or a readable stream', input);
}
