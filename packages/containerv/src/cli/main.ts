import type { Command, Surroundings } from './command.js';
import { commands } from './commands/index.js';
import { exitCodeOfError, OWN_FAILURE } from './exit-code.js';
import { commandHelp, programHelp } from './help.js';
import { parseLine } from './parse-line.js';
import { reportError } from './report-error.js';
import { styleFor } from './style.js';
import { suggestion } from './suggestion.js';
import { usageError } from './usage-error.js';

/** Runs one command line, without the program's name; gives the exit status and never rejects. */
export async function main(
  args: readonly string[],
  version: string,
  surroundings: Surroundings,
): Promise<number> {
  try {
    return await dispatch(args, version, surroundings);
  } catch (error) {
    reportError(error, surroundings);
    return exitCodeOfError(error);
  }
}

async function dispatch(
  args: readonly string[],
  version: string,
  surroundings: Surroundings,
): Promise<number> {
  const { stdout, stderr, env } = surroundings;
  const [name, ...rest] = args;
  if (name === undefined) {
    stderr.write(programHelp(commands, styleFor(stderr, env)));
    return OWN_FAILURE;
  }
  if (name === '--version') {
    stdout.write(`${version}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const style = styleFor(stdout, env);
    const topic = rest[0];
    stdout.write(topic === undefined ? programHelp(commands, style) : commandHelp(find(topic), style));
    return 0;
  }
  const command = find(name);
  const line = parseLine(rest, command);
  if (line.switches.has('help')) {
    stdout.write(commandHelp(command, styleFor(stdout, env)));
    return 0;
  }
  return command.run(line, surroundings);
}

function find(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const kind = name.startsWith('-') ? 'option' : 'command';
  const names = kind === 'option' ? [] : commands.map((candidate) => candidate.name);
  throw usageError(
    `Unknown ${kind} ${name}.${suggestion(name, names)}`,
    'containerv --help lists the commands.',
  );
}
