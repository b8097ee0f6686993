import type { WrapperInvocation } from './invocation.js';

/** In single quotes nothing has a meaning but the quotes, of which PowerShell knows five. */
export function quotePowerShell(text: string): string {
  return `'${text.replaceAll(/['\u2018\u2019\u201A\u201B]/g, '$&$&')}'`;
}

/**
 * A script for PowerShell. Up to 7.2 it does not quote what it hands to a program: empty arguments and quotes are lost
 * unless they are escaped beforehand.
 */
export function powershellText({ args, program }: WrapperInvocation): string {
  const beside =
    program === undefined
      ? []
      : [
          `if (-not (Test-Path -LiteralPath $program -PathType Leaf)) { $program = Join-Path $PSScriptRoot ${quotePowerShell(program)} }`,
        ];
  return [
    `$arguments = @(${args.map(quotePowerShell).join(', ')}) + $args`,
    "$program = Join-Path $PSScriptRoot 'serve-exec.exe'",
    ...beside,
    "if (-not (Test-Path -LiteralPath $program -PathType Leaf)) { $program = 'serve-exec.exe' }",
    "if ($PSVersionTable.PSVersion -ge [version]'7.3') {",
    "  $PSNativeCommandArgumentPassing = 'Standard'",
    '} else {',
    "  $arguments = @($arguments | ForEach-Object { if ($_ -eq '') { '\"\"' } else { ($_ -replace '(\\\\*)\"', '$1$1\\\"') -replace '(\\\\+)$', '$1$1' } })",
    '}',
    'if ($MyInvocation.ExpectingInput) { $input | & $program @arguments } else { & $program @arguments }',
    'exit $LASTEXITCODE',
    '',
  ].join('\r\n');
}
