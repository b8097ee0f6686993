import { win32 } from 'node:path';
import { isScript, type WrapperInvocation } from './invocation.js';

/** In single quotes nothing has a meaning but the quotes, of which PowerShell knows five. */
export function quotePowerShell(text: string): string {
  return `'${text.replaceAll(/['\u2018\u2019\u201A\u201B]/g, '$&$&')}'`;
}

/** As a program splits it again (CommandLineToArgvW), between quotes whether it needs them or not. */
const QUOTE = String.raw`'"' + (("$_" -replace '(\\*)"', '$1$1\"') -replace '(\\+)\z', '$1$1') + '"'`;

/**
 * A script for PowerShell. Up to 7.2 that quotes what it hands to a program by rules of its own, which lose empty
 * arguments and quotes and differ between versions. Behind `--%` it quotes nothing and only puts in variables of the
 * environment: one such is the whole line.
 */
export function powershellText({ args, program }: WrapperInvocation): string {
  return [
    `$arguments = @(${args.map(quotePowerShell).join(', ')}) + $args`,
    "$program = Join-Path $PSScriptRoot 'serve-exec.exe'",
    ...(program === undefined ? [] : lookBeside(program)),
    "if (-not (Test-Path -LiteralPath $program -PathType Leaf)) { $program = 'serve-exec.exe' }",
    "if ($PSVersionTable.PSVersion -ge [version]'7.3') {",
    "  $PSNativeCommandArgumentPassing = 'Standard'",
    '  if ($MyInvocation.ExpectingInput) { $input | & $program @arguments } else { & $program @arguments }',
    '  exit $LASTEXITCODE',
    '}',
    `$env:SERVE_EXEC_LINE = ($arguments | ForEach-Object { $_ } | ForEach-Object { ${QUOTE} }) -join ' '`,
    'try {',
    '  if ($MyInvocation.ExpectingInput) {',
    '    $input | & $program --% %SERVE_EXEC_LINE%',
    '  } else {',
    '    & $program --% %SERVE_EXEC_LINE%',
    '  }',
    '} finally {',
    "  $env:SERVE_EXEC_LINE = ''",
    '}',
    'exit $LASTEXITCODE',
    '',
  ].join('\r\n');
}

function lookBeside(program: string): readonly string[] {
  const text = quotePowerShell(program);
  const place = win32.isAbsolute(program) ? text : `(Join-Path $PSScriptRoot ${text})`;
  const missing = 'if (-not (Test-Path -LiteralPath $program -PathType Leaf))';
  if (!isScript(program)) return [`${missing} { $program = ${place} }`];
  return [
    `${missing} {`,
    `  $script = ${place}`,
    '  if (Test-Path -LiteralPath $script -PathType Leaf) { $arguments = @($script) + $arguments; $program = (Get-Command node -CommandType Application)[0].Path }',
    '}',
  ];
}
