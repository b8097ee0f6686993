import { ContainervError } from 'containerv-api';

/** CreateProcessW takes 32,767 UTF-16 units with the NUL. */
const MAX_UNITS = 32_766;
// What CommandLineToArgvW and the C runtime split at; a newline is not among it, but programs that split themselves do.
const NEEDS_QUOTES = /[\s"]/;

/**
 * One Windows command line that `CommandLineToArgvW`, and the C runtime's own parser, splits into exactly these
 * arguments. The program's name follows other rules than the rest (no escapes: a quote ends it), so a name with a quote
 * cannot be told at all; no file can be called so.
 *
 * @throws ContainervError `ERR_CONTAINERV_SPAWN` with errno `E2BIG` beyond 32,766 characters;
 * `ERR_CONTAINERV_INVALID_OPTION` for no arguments, a NUL, or a quote in the name.
 * @see https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw
 */
export function quoteCommandLine(argv: readonly string[]): string {
  const [program, ...rest] = argv;
  if (program === undefined || argv.some((argument) => argument.includes('\0'))) {
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_OPTION',
      'A command line needs a program, and no argument may hold NUL',
    );
  }
  const line = [quoteProgram(program), ...rest.map(quoteArgument)].join(' ');
  if (line.length <= MAX_UNITS) return line;
  throw new ContainervError(
    'ERR_CONTAINERV_SPAWN',
    `The command line of '${program}' has ${line.length} characters`,
    {
      step: 'quote command line',
      errno: 'E2BIG',
      hint: `Windows takes ${MAX_UNITS}. Pass the rest in a file or through stdin.`,
    },
  );
}

function quoteProgram(program: string): string {
  if (program.includes('"')) {
    throw new ContainervError(
      'ERR_CONTAINERV_INVALID_OPTION',
      `A program's name cannot hold a quote: ${program}`,
    );
  }
  // Control characters up to the space end an unquoted name in CommandLineToArgvW.
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return program === '' || /[\s\u0001-\u0020]/.test(program) ? `"${program}"` : program;
}

function quoteArgument(argument: string): string {
  if (argument !== '' && !NEEDS_QUOTES.test(argument)) return argument;
  // Backslashes count only before a quote, the closing one included: there each is written twice.
  const escaped = argument.replace(/(\\*)"/g, String.raw`$1$1\"`).replace(/(\\+)$/, '$1$1');
  return `"${escaped}"`;
}
