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
  const [name, ...rest] = joinWords(args);
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
    const [topic = ''] = joinWords(rest);
    const listed = inGroup(topic);
    stdout.write(listed.length > 0 ? programHelp(listed, style) : commandHelp(find(topic), style));
    return 0;
  }
  const group = inGroup(name);
  if (group.length > 0) {
    const asked = rest.includes('--help') || rest.includes('-h');
    const output = asked ? stdout : stderr;
    output.write(programHelp(group, styleFor(output, env)));
    return asked ? 0 : OWN_FAILURE;
  }
  const command = find(name);
  const line = parseLine(rest, command);
  if (line.switches.has('help')) {
    stdout.write(commandHelp(command, styleFor(stdout, env)));
    return 0;
  }
  return command.run(line, surroundings);
}

/** `policy learn` is one command of two words; `policy` alone is the group. */
function joinWords([first, second, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined || second === undefined) return first === undefined ? [] : [first];
  const joins = first !== '' && inGroup(first).length > 0 && !second.startsWith('-');
  return joins ? [`${first} ${second}`, ...rest] : [first, second, ...rest];
}

/** The commands that begin with this word and have another; all of them for ''. */
function inGroup(word: string): readonly Command[] {
  return word === '' ? commands : commands.filter(({ name }) => name.startsWith(`${word} `));
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
