import type { WrapperInvocation } from './invocation.js';

/** In single quotes nothing has a meaning but the quote itself. */
export function quotePosix(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * A script for sh(1). It starts no other program on its way, and is replaced by serve-exec. `$0` may be a link to the
 * wrapper: then its own directory is the one of the file that the link leads to.
 */
export function posixText({ args, program }: WrapperInvocation): string {
  const beside = program === undefined ? '' : ` "$1/"${quotePosix(program)}`;
  return [
    `set -- ${args.map(quotePosix).join(' ')} "$@"`,
    'find_program() {',
    `  for program in "$1/serve-exec"${beside}; do`,
    '    if [ -f "$program" ] && [ -x "$program" ]; then return 0; fi',
    '  done',
    '  return 1',
    '}',
    'case $0 in */*) own=$0 ;; *) own=./$0 ;; esac',
    'if find_program "${own%/*}"; then exec "$program" "$@"; fi',
    'if [ -L "$own" ] && own=$(readlink -f -- "$own") && find_program "${own%/*}"; then exec "$program" "$@"; fi',
    'if program=$(command -v serve-exec); then exec "$program" "$@"; fi',
    `printf '%s: serve-exec is neither beside this wrapper nor in PATH. Install it.\\n' "$0" >&2`,
    'exit 125',
    '',
  ].join('\n');
}
