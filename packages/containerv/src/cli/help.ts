import type { Command } from './command.js';
import { allOptions } from './parse-line.js';
import type { Style } from './style.js';
import { table } from './table.js';

/** The help of the whole program. */
export function programHelp(commands: readonly Command[], style: Style): string {
  return [
    `${style('bold', 'Usage:')} containerv COMMAND [options] ...\n`,
    '\nContainers without a daemon.\n',
    `\n${style('bold', 'Commands:')}\n`,
    indent(table(commands.map(({ name, summary }) => [name, summary]))),
    `\n${style('bold', 'Options:')}\n`,
    indent(
      table([
        ['-h, --help', 'Show this help.'],
        ['    --version', 'Show the version.'],
      ]),
    ),
    '\ncontainerv COMMAND --help shows the options of one command.\n',
    '\nExit status: that of the command that ran, 128+N when signal N ended it; 125 when containerv itself failed,\n' +
      '126 when the command cannot be executed, 127 when it is not found.\n',
  ].join('');
}

/** The help of one command. */
export function commandHelp(command: Command, style: Style): string {
  const rows = Object.entries(allOptions(command)).map(([name, { short, value, multiple, help }]) => [
    `${short === undefined ? '   ' : `-${short},`} --${name}${value === undefined ? '' : ` ${value}`}`,
    multiple === true ? `${help} May be repeated.` : help,
  ]);
  return [
    `${style('bold', 'Usage:')} containerv ${command.name} ${command.synopsis}\n`,
    `\n${command.summary}\n`,
    `\n${style('bold', 'Options:')}\n`,
    indent(table(rows)),
    command.notes === undefined ? '' : `\n${command.notes}\n`,
  ].join('');
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
