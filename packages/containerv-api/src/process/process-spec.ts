import type { ContainerSpec } from '../container-spec.js';
import { parseDuration } from '../duration.js';
import {
  checkArray,
  checkBoolean,
  checkInteger,
  checkOptions,
  deepFreeze,
  invalidOption,
} from '../option-check.js';
import { checkAbortSignal } from '../options/abort-signal.js';
import { cleanGuestPath } from '../options/clean-path.js';
import { resolveCpuAffinity } from '../options/cpu-affinity.js';
import { DEFAULT_PATH, resolveEnvironment } from '../options/environment.js';
import { type PolicyName, resolvePolicy, type SecurityPolicy } from '../options/policy.js';
import { type ResolvedRlimit, resolveRlimits } from '../options/rlimits.js';
import { ROOT_USER, type ResolvedUser, resolveUser } from '../options/user.js';
import { signalNumber } from '../signals.js';
import { resolveLog } from './log-size.js';
import type { SpawnOptions, TerminalSize } from './spawn-options.js';
import { type ResolvedStdioEntry, resolveStdio, type StdioEntry } from './stdio.js';

/** {@link SpawnOptions} with everything checked and filled in from the container; frozen. */
export interface ProcessSpec {
  /** The command and its arguments; a command without `/` is looked up in `env.PATH`, inside the container. */
  readonly argv: readonly [command: string, ...args: string[]];
  readonly cwd: string;
  /** All of the environment, the container's included. */
  readonly env: Readonly<Record<string, string>>;
  readonly user: ResolvedUser;
  /** By descriptor number, at least three. */
  readonly stdio: readonly ResolvedStdioEntry[];
  readonly tty: TerminalSize | undefined;
  /** With `tty`: the descriptor of this program that is stderr; `undefined`: the terminal is. */
  readonly stderrApart: number | undefined;
  /** `undefined`: the container's. */
  readonly policy: SecurityPolicy | PolicyName | undefined;
  readonly rlimits: readonly ResolvedRlimit[];
  /** Ascending; `undefined`: all of the container's processors. */
  readonly cpuAffinity: readonly number[] | undefined;
  /** `undefined`: no timeout. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Linux number. */
  readonly killSignal: number;
  readonly jobControl: boolean;
  readonly detached: boolean;
  /** How much of its output the container keeps; `undefined`: none. */
  readonly logBytes: number | undefined;
}

/** What a process takes over from its container. */
export type ProcessDefaults = Pick<ContainerSpec, 'cwd' | 'env' | 'user' | 'rlimits' | 'cpuAffinity'>;

/** How long after `killSignal` a process that is still there gets SIGKILL. */
export const KILL_GRACE_MS = 5000;

export const SPAWN_OPTION_NAMES: readonly (keyof SpawnOptions)[] = [
  'cwd',
  'env',
  'user',
  'stdio',
  'tty',
  'policy',
  'rlimits',
  'cpuAffinity',
  'timeout',
  'signal',
  'killSignal',
  'jobControl',
  'detached',
  'log',
];

/** Those of a container made without options. */
export const STANDARD_DEFAULTS: ProcessDefaults = {
  cwd: '/',
  env: { PATH: DEFAULT_PATH },
  user: ROOT_USER,
  rlimits: [],
  cpuAffinity: undefined,
};
const STANDARD_TERMINAL: TerminalSize = { columns: 80, rows: 24 };
const NO_STREAMS: readonly ResolvedStdioEntry[] = [
  { kind: 'ignore' },
  { kind: 'ignore' },
  { kind: 'ignore' },
];
// TIOCSWINSZ takes unsigned shorts.
const MAX_TERMINAL = 65_535;

/**
 * Checks a command and its options, touching nothing.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION`.
 */
export function resolveSpawnOptions(
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
  container: ProcessDefaults = STANDARD_DEFAULTS,
): ProcessSpec {
  checkOptions(options, 'options', SPAWN_OPTION_NAMES);
  return deepFreeze(resolveProcess(command, args, options, container));
}

/** As {@link resolveSpawnOptions}, for options whose names are checked already. */
export function resolveProcess(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  container: ProcessDefaults,
  stdioFallback?: readonly ResolvedStdioEntry[],
): ProcessSpec {
  const logBytes = resolveLog(options);
  return {
    argv: [checkCommand(command), ...checkArguments(args)],
    cwd: options.cwd === undefined ? container.cwd : cleanGuestPath(options.cwd, 'cwd'),
    env: resolveEnvironment(options.env, container.env),
    user: options.user === undefined ? container.user : resolveUser(options.user),
    stdio: resolveStdio(options.stdio, logBytes === undefined ? stdioFallback : NO_STREAMS),
    tty: resolveTerminal(options.tty),
    stderrApart: stderrApart(options),
    policy: options.policy === undefined ? undefined : resolvePolicy(options.policy),
    rlimits: resolveRlimits(options.rlimits, container.rlimits),
    cpuAffinity: resolveCpuAffinity(options.cpuAffinity) ?? container.cpuAffinity,
    timeoutMs: parseDuration(options.timeout ?? 0, 'timeout') || undefined,
    signal: checkAbortSignal(options.signal),
    killSignal: checkKillSignal(options.killSignal),
    jobControl: checkBoolean(options.jobControl ?? false, 'jobControl'),
    detached: checkBoolean(options.detached ?? false, 'detached'),
    logBytes,
  };
}

function checkCommand(command: unknown): string {
  if (typeof command === 'string' && command !== '' && !command.includes('\0')) return command;
  throw invalidOption('command', 'a non-empty string without NUL characters', command);
}

function checkArguments(args: unknown): string[] {
  if (!Array.isArray(args)) {
    throw invalidOption('args', 'an array of strings', args, { hint: 'Options are the third argument.' });
  }
  return checkArray(args, 'args').map((argument, index) => {
    if (typeof argument === 'string' && !argument.includes('\0')) return argument;
    throw invalidOption(`args[${index}]`, 'a string without NUL characters', argument);
  });
}

function stderrApart({ tty, stdio }: SpawnOptions): number | undefined {
  const entry = Boolean(tty) && Array.isArray(stdio) ? (stdio as readonly StdioEntry[])[2] : undefined;
  return typeof entry === 'number' ? entry : undefined;
}

function resolveTerminal(tty: SpawnOptions['tty']): TerminalSize | undefined {
  if (tty === undefined || tty === false) return undefined;
  if (tty === true) return STANDARD_TERMINAL;
  return checkTerminalSize(tty, 'tty');
}

/** A terminal's size, 1 to 65535 each way. */
export function checkTerminalSize(size: TerminalSize, option = 'size'): TerminalSize {
  checkOptions(size, option, ['columns', 'rows']);
  return {
    columns: checkInteger(size.columns, `${option}.columns`, 1, MAX_TERMINAL),
    rows: checkInteger(size.rows, `${option}.rows`, 1, MAX_TERMINAL),
  };
}

function checkKillSignal(signal: SpawnOptions['killSignal']): number {
  const number = signalNumber(signal ?? 'SIGTERM', 'killSignal');
  if (number !== 0) return number;
  throw invalidOption('killSignal', 'a signal that can end a process', signal);
}
