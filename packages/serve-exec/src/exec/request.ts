import { checkContainerId, ContainervError, parseDuration } from 'containerv-api';

/** What one command line asks for. */
export interface ExecRequest {
  readonly container: string;
  readonly path: string;
  /** `undefined`: the container's own. */
  readonly wdir: string | undefined;
  readonly user: string | undefined;
  readonly timeoutMs: number | undefined;
  /** `NAME=VALUE` or `NAME`, in order. */
  readonly env: readonly string[];
  readonly args: readonly string[];
}

export type Invocation =
  | { readonly kind: 'exec'; readonly request: ExecRequest }
  | { readonly kind: 'help' | 'version' | 'print-native-path' };

const SWITCHES = ['help', 'version', 'print-native-path'] as const;
const OPTIONS = ['container', 'path', 'wdir', 'user', 'timeout', 'env'] as const;
type Option = (typeof OPTIONS)[number];

const USER = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*\$?(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]*\$?)?$/;
const USAGE = 'Usage: serve-exec --container ID --path PATH --wdir DIR [--] [ARG...]';

/**
 * Reads a command line. Options end at the first argument that is not one of ours, or at `--`; the rest is the
 * command's, untouched. The native launcher has the same grammar (`native/serve-exec/command_line.cc`).
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION`
 */
export function parseRequest(argv: readonly string[]): Invocation {
  const values = new Map<Option, string[]>();
  let at = 0;
  for (; at < argv.length && argv[at] !== '--'; at++) {
    const argument = argv[at] as string;
    const asked = SWITCHES.find((name) => argument === `--${name}`);
    if (asked !== undefined) return { kind: asked };
    const option = OPTIONS.find((name) => argument === `--${name}` || argument.startsWith(`--${name}=`));
    if (option === undefined) break;
    const inline = argument.length > option.length + 2;
    const value = inline ? argument.slice(option.length + 3) : argv[++at];
    if (value === undefined) throw invalid(`--${option} needs a value`, USAGE);
    const given = values.get(option) ?? [];
    if (given.length > 0 && option !== 'env')
      throw invalid(`--${option} is given twice`, "Put -- before the command's own arguments.");
    values.set(option, [...given, value]);
  }
  return { kind: 'exec', request: check(values, argv, at) };
}

function check(
  values: ReadonlyMap<Option, readonly string[]>,
  argv: readonly string[],
  end: number,
): ExecRequest {
  const required = (option: Option): string => {
    const value = values.get(option)?.[0];
    if (value !== undefined) return value;
    const stray = argv[end];
    const where =
      stray === undefined || stray === '--' ? '' : `, or comes after '${stray}', where options end`;
    throw invalid(`--${option} is missing${where}`, USAGE);
  };
  const wdir = values.get('wdir')?.[0];
  const user = values.get('user')?.[0];
  const timeout = values.get('timeout')?.[0];
  if (user !== undefined && !USER.test(user))
    throw invalid(`--user ${user} is no user`, 'Write NAME, NAME:GROUP or numbers.');
  return {
    container: checkId(required('container')),
    path: checkPath(required('path')),
    wdir: wdir === undefined ? undefined : checkDirectory(wdir),
    user,
    timeoutMs: timeout === undefined ? undefined : checkTimeout(timeout),
    env: (values.get('env') ?? []).map(checkVariable),
    args: argv.slice(argv[end] === '--' ? end + 1 : end),
  };
}

function checkId(id: string): string {
  try {
    return checkContainerId(id);
  } catch {
    throw invalid(`--container ${id} is no id`, 'containerv ps lists the containers.');
  }
}

function checkPath(path: string): string {
  if (path === '' || path === '.' || path === '..') throw invalid(`--path ${path} names no command`, USAGE);
  return path;
}

function checkDirectory(path: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path))
    throw invalid('--wdir holds control characters', 'Rename the directory.');
  return path;
}

function checkTimeout(timeout: string): number {
  try {
    return parseDuration(timeout);
  } catch {
    throw invalid(`--timeout ${timeout} is no duration`, 'Write 500ms, 2s, 5m or 1h.');
  }
}

function checkVariable(variable: string): string {
  const end = variable.indexOf('=');
  if (end === 0 || variable === '') throw invalid(`--env ${variable} has no name`, 'Write --env NAME=VALUE.');
  if (end === -1 && variable.startsWith('LD_')) {
    throw invalid(
      `--env ${variable} would hand on what steers the host's own dynamic loader`,
      `Write --env ${variable}=VALUE to set it for the command.`,
    );
  }
  return variable;
}

function invalid(what: string, hint: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_INVALID_OPTION', what, { hint });
}
