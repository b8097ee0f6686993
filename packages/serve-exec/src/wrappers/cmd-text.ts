import { win32 } from 'node:path';
import { ContainervError } from 'containerv-api';
import { isScript, type WrapperInvocation } from './invocation.js';

/**
 * An argument for a line of a batch file that cmd.exe reads and a program splits (CommandLineToArgvW). Between quotes
 * cmd leaves everything as it is but `%`. A quote inside would end that, so an argument that holds one has no quotes in
 * cmd's eyes: every special character is escaped by itself.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for what a batch file cannot say
 */
export function quoteCmd(argument: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(argument)) throw unsayable(argument, 'control characters');
  // Batch files are read in the console's code page, whatever that is.
  // oxlint-disable-next-line no-control-regex -- as above
  if (/[^\u0000-\u007f]/.test(argument)) throw unsayable(argument, 'characters outside of ASCII');
  // Backslashes count double before a quote, also before the closing one.
  const quoted = `"${argument.replaceAll(/(\\*)("|$)/g, (_, slashes: string, quote: string) => `${slashes}${slashes}${quote === '' ? '' : '\\"'}`)}"`;
  const percent = quoted.replaceAll('%', '%%');
  return argument.includes('"') ? percent.replaceAll(/[()<>&|^!"\s,;=]/g, '^$&') : percent;
}

/** A batch file. `exit /b` and the last line's status are what callers of either kind see. */
export function cmdText({ args, program }: WrapperInvocation): string {
  return [
    // `!` in an argument would else be expanded where the caller has switched that on.
    'setlocal EnableExtensions DisableDelayedExpansion',
    'set "serve_exec=%~dp0serve-exec.exe"',
    ...(program === undefined ? [] : lookBeside(program)),
    'if not exist "%serve_exec%" for %%i in (serve-exec.exe) do set "serve_exec=%%~$PATH:i"',
    'if not defined serve_exec echo %~nx0: serve-exec.exe is neither beside this wrapper nor in PATH. Install it. 1>&2',
    'if not defined serve_exec exit /b 125',
    `${program !== undefined && isScript(program) ? '%serve_node% ' : ''}"%serve_exec%" ${args.map(quoteCmd).join(' ')} %*`,
    'exit /b %ERRORLEVEL%',
    '',
  ].join('\r\n');
}

function lookBeside(program: string): readonly string[] {
  const place = `${win32.isAbsolute(program) ? '' : '%~dp0'}${pathText(program)}`;
  if (!isScript(program)) return [`if not exist "%serve_exec%" set "serve_exec=${place}"`];
  return [
    'set "serve_node="',
    `if not exist "%serve_exec%" if exist "${place}" set "serve_node=node.exe"`,
    `if defined serve_node set "serve_exec=${place}"`,
  ];
}

function pathText(path: string): string {
  const text = quoteCmd(path.replaceAll('/', '\\'));
  return text.slice(1, -1);
}

function unsayable(argument: string, what: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    `A batch file cannot hold ${what}: ${JSON.stringify(argument)}`,
    {
      hint: 'Choose another path or argument, or write the PowerShell wrapper only.',
    },
  );
}
