import { readFileSync } from 'node:fs';
import type { Environment, SpawnOptions } from 'containerv-api';
import { ContainervError, parseDuration } from 'containerv-api';
import type { OptionSpecs, ParsedLine, Surroundings } from './command.js';
import { usageError } from './usage-error.js';

/** Options that `run` and `exec` share: how the command runs. */
export const PROCESS_OPTIONS: OptionSpecs = {
  env: { short: 'e', value: 'NAME[=VALUE]', multiple: true, help: 'Set a variable, or hand this one on.' },
  // Not --env-file: Node 20 takes that for its own, wherever it stands on the command line.
  'env-from': { value: 'FILE', multiple: true, help: 'Set variables from lines of NAME=VALUE.' },
  workdir: { short: 'w', value: 'PATH', help: 'Start in this directory of the container.' },
  user: { short: 'u', value: 'USER[:GROUP]', help: 'Run as this user, by name or id (root).' },
  interactive: { short: 'i', help: 'Pass stdin on, which is always done.' },
  tty: { short: 't', help: 'Insist on a terminal; it is the default when there is one.' },
  'no-tty': { help: 'Do without a terminal.' },
  timeout: { value: 'DURATION', help: 'End the command after this long, such as 500ms or 10s.' },
};

export function processOptions(
  { values }: ParsedLine,
  surroundings: Pick<Surroundings, 'env'>,
): SpawnOptions {
  const last = (name: string): string | undefined => values.get(name)?.[0];
  const timeout = last('timeout');
  return {
    env: {
      ...Object.assign({}, ...(values.get('env-from') ?? []).map(readVariables)),
      ...Object.fromEntries((values.get('env') ?? []).map((text) => variable(text, surroundings.env))),
    } as Environment,
    cwd: last('workdir'),
    user: last('user'),
    timeout: timeout === undefined ? undefined : parseDuration(timeout, '--timeout'),
  };
}

function variable(text: string, env: Surroundings['env']): [name: string, value: string | undefined] {
  const end = text.indexOf('=');
  if (end === 0) throw usageError(`--env ${text} has no name`, 'Write --env NAME=VALUE.');
  // Without a value it is this program's own; when it has none, neither has the command.
  return end === -1 ? [text, env[text]] : [text.slice(0, end), text.slice(end + 1)];
}

function readVariables(file: string): Record<string, string> {
  const variables = new Map<string, string>();
  for (const [index, line] of readText(file).split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const end = line.indexOf('=');
    if (end < 1) throw usageError(`${file}:${index + 1} is not NAME=VALUE`, 'Comments start with #.');
    variables.set(line.slice(0, end), line.slice(end + 1));
  }
  return Object.fromEntries(variables);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code;
    throw new ContainervError('ERR_CONTAINERV_INVALID_OPTION', 'Cannot read the file of --env-from', {
      path: file,
      errno,
      cause,
    });
  }
}
