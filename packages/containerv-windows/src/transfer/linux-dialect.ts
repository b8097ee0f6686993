import type { GuestEntry, GuestStep, ShellDialect, StepResult } from './guest-shell.js';

// Each file is there under its own name only when all of it is. `$1` is the step's index, and what follows are paths,
// always behind `--`; what a function prints is a record of three fields that end in NUL, which no path contains.
const STEPS = `
say() { printf '%s\\0%s\\0%s\\0' "$1" "$2" "$3"; }
do_it() { n=$1; shift; if e=$("$@" 2>&1); then say "$n" ok ''; else say "$n" failed "$e"; fi; }
parent() { case $1 in /*/*) mkdir -p -- "\${1%/*}";; esac; }
directory() {
  if [ -h "$1" ] && [ ! -d "$1" ] || [ -e "$1" ] && [ ! -d "$1" ]; then echo 'Not a directory'; return 1; fi
  mkdir -p -- "$1"
}
replace() {
  if [ -d "$2" ] && [ ! -h "$2" ]; then rm -f -- "$1"; echo 'Is a directory'; return 1; fi
  if [ -h "$2" ]; then rm -f -- "$2" || return 1; fi
  mv -f -- "$1" "$2" || { rm -f -- "$1"; return 1; }
}
put() {
  parent "$2" || return 1
  cp -- "$1" "$2.containerv-$$" && chmod "$3" -- "$2.containerv-$$" || { rm -f -- "$2.containerv-$$"; return 1; }
  replace "$2.containerv-$$" "$2"
}
link() {
  parent "$2" || return 1
  ln -s -- "$1" "$2.containerv-$$" && replace "$2.containerv-$$" "$2"
}
take() {
  if [ -h "$1" ] && [ "$3" != follow ]; then echo 'Is a symbolic link'; return 1; fi
  [ -f "$1" ] || { echo 'Neither a file, nor a directory, nor a symbolic link'; return 1; }
  cat < "$1" > "$2"
}
`;

const LIST = `
say() { printf '%s\\0%s\\0%s\\0' "$1" "$2" "$3"; }
list() {
  if [ -h "$1" ] && [ "$3" != follow ]; then say link "$2" "$(readlink -- "$1")"
  elif [ -d "$1" ]; then
    say directory "$2" ''
    if [ ! -r "$1" ] || [ ! -x "$1" ]; then say failure "$2" 'Permission denied'; return; fi
    for e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      if [ -e "$e" ] || [ -h "$e" ]; then list "$e" "$2/\${e##*/}" keep; fi
    done
  elif [ -f "$1" ]; then say file "$2" ''
  elif [ -e "$1" ]; then say failure "$2" 'Neither a file, nor a directory, nor a symbolic link'
  else say failure "$2" 'No such file or directory'
  fi
}
`;

/** Of `/bin/sh` in a Linux container; needs nothing that busybox does not have. */
export const LINUX_DIALECT: ShellDialect = {
  maxCharacters: 1024 * 1024,
  steps: (steps, stagingPath) => ({
    text: `${STEPS}${steps.map((step, index) => `do_it ${index} ${call(step, stagingPath)}\n`).join('')}`,
    variables: {},
  }),
  parseSteps: (stdout) =>
    records(stdout).flatMap(([index = '', outcome, reason = '']): StepResult[] => {
      if (!/^\d+$/.test(index)) return [];
      return [{ index: Number(index), failure: outcome === 'ok' ? undefined : reason || 'It failed' }];
    }),
  list: (from, follow) => ({
    text: `${LIST}list ${quote(from)} '' ${follow ? 'follow' : 'keep'}\n`,
    variables: {},
  }),
  parseList: (stdout) => records(stdout).flatMap(([kind, path = '', more = '']) => entry(kind, path, more)),
};

function call(step: GuestStep, stagingPath: string): string {
  switch (step.kind) {
    case 'directory':
      return `directory ${quote(step.to)}`;
    case 'put':
      return `put ${quote(`${stagingPath}/${step.staged}`)} ${quote(step.to)} ${step.executable ? '755' : '644'}`;
    case 'link':
      return `link ${quote(step.target)} ${quote(step.to)}`;
    case 'take':
      return `take ${quote(step.from)} ${quote(`${stagingPath}/${step.staged}`)} ${step.follow ? 'follow' : 'keep'}`;
  }
}

/** In single quotes nothing means anything but their end. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function entry(kind: string | undefined, path: string, more: string): GuestEntry[] {
  const below = path.replace(/^\//, '');
  if (kind === 'directory' || kind === 'file') return [{ kind, path: below }];
  if (kind === 'link') return [{ kind, path: below, target: more }];
  return kind === 'failure' ? [{ kind, path: below, reason: more }] : [];
}

/** Of three fields each; what comes after the last whole one is not counted. */
function records(stdout: Buffer): string[][] {
  const fields = stdout.toString('utf8').split('\0');
  const found: string[][] = [];
  for (let at = 0; at + 3 < fields.length; at += 3) found.push(fields.slice(at, at + 3));
  return found;
}
