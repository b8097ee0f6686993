import type { Output, Surroundings } from './command.js';

/** SGR codes that begin and end each format. */
const CODES = {
  bold: [1, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

export type Style = (format: keyof typeof CODES, text: string) => string;

/** Colours on a terminal that wants them (https://no-color.org), plain text everywhere else. */
export function styleFor(output: Output, env: Surroundings['env']): Style {
  const coloured = output.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return coloured ? paint : (_format, text) => text;
}

// Not styleText of node:util: it also looks at this program's own stdout and environment.
function paint(format: keyof typeof CODES, text: string): string {
  const [begin, end] = CODES[format];
  return `\u001B[${begin}m${text}\u001B[${end}m`;
}
