import type { GuestEntry, GuestStep, Script, ShellDialect, StepResult } from './guest-shell.js';

const HEAD = ['@echo off', 'setlocal DisableDelayedExpansion'];
/** Of the 32767 that an environment has. */
const MAX_CHARACTERS = 20_000;

/**
 * Of `cmd.exe /u` in a Windows container. Batch files are in whatever code page there is, so paths are in variables,
 * whose values are text in any case: between double quotes, which no name has in it, nothing in them means anything.
 */
export const WINDOWS_DIALECT: ShellDialect = {
  maxCharacters: MAX_CHARACTERS,
  steps: (steps, stagingPath) => {
    const variables: Record<string, string> = {};
    const body = steps.flatMap((step, index) => {
      const name = (letter: string, value: string): string => {
        variables[`CONTAINERV_${letter}${index}`] = value;
        return `"%CONTAINERV_${letter}${index}%`;
      };
      return [`:step${index}`, ...lines(step, stagingPath, name)];
    });
    return batch(
      [
        ...steps.flatMap((_, index) => [
          `call :step${index}`,
          `if errorlevel 1 (echo ${index} failed) else echo ${index} ok`,
        ]),
        'exit /b 0',
        ...body,
      ],
      variables,
    );
  },
  parseSteps: (stdout) =>
    text(stdout).flatMap((line): StepResult[] => {
      const [, index, outcome] = /^(\d+) (ok|failed)\s*$/.exec(line) ?? [];
      if (index === undefined) return [];
      return [{ index: Number(index), failure: outcome === 'ok' ? undefined : 'It failed' }];
    }),
  // Attributes: d directory, l link, with a minus the others. One list each, since names alone do not tell.
  list: (from) =>
    batch(
      [
        'if not exist "%CONTAINERV_FROM%" exit /b 0',
        'if not exist "%CONTAINERV_FROM%\\*" goto file',
        'echo directory',
        ...(['d', 'l', '-d'] as const).flatMap((attributes) => [
          `echo list ${attributes}`,
          `dir /s /b /a:${attributes} "%CONTAINERV_FROM%" 2>nul`,
        ]),
        'exit /b 0',
        ':file',
        'echo file',
      ],
      { CONTAINERV_FROM: from },
    ),
  parseList: (stdout, from) => entries(text(stdout), from),
};

/**
 * Whether something is a directory is asked with `\\*` behind it, which every directory has something for.
 *
 * @param name makes a variable, and gives what stands for its value behind a double quote
 */
function lines(
  step: GuestStep,
  stagingPath: string,
  name: (letter: string, value: string) => string,
): string[] {
  switch (step.kind) {
    case 'directory': {
      const target = name('T', step.to);
      return [
        `if exist ${target}\\*" exit /b 0`,
        `if exist ${target}" exit /b 1`,
        `mkdir ${target}" >nul 2>nul`,
        `if exist ${target}\\*" exit /b 0`,
        'exit /b 1',
      ];
    }
    case 'put': {
      const folder = name('P', step.to.slice(0, step.to.lastIndexOf('\\')));
      const source = name('S', `${stagingPath}\\${step.staged}`);
      const target = name('T', step.to);
      return [
        `if not exist ${folder}\\*" mkdir ${folder}" >nul 2>nul`,
        // Into a directory it would be copied under another name.
        `if exist ${target}\\*" exit /b 1`,
        `copy /b /y ${source}" ${target}.containerv" >nul 2>nul`,
        `if not exist ${target}.containerv" exit /b 1`,
        `move /y ${target}.containerv" ${target}" >nul 2>nul`,
        `if not exist ${target}.containerv" exit /b 0`,
        // A file that may only be read is not replaced.
        `del /f /q ${target}" >nul 2>nul`,
        `move /y ${target}.containerv" ${target}" >nul 2>nul`,
        `if not exist ${target}.containerv" exit /b 0`,
        `del /f /q ${target}.containerv" >nul 2>nul`,
        'exit /b 1',
      ];
    }
    case 'take': {
      const source = name('S', step.from);
      const target = name('T', `${stagingPath}\\${step.staged}`);
      return [
        `if exist ${source}\\*" exit /b 1`,
        `copy /b /y ${source}" ${target}" >nul 2>nul`,
        `if exist ${target}" exit /b 0`,
        'exit /b 1',
      ];
    }
    case 'link':
      // mklink wants to be told what the link leads to.
      return ['exit /b 1'];
  }
}

function batch(body: readonly string[], variables: Readonly<Record<string, string>>): Script {
  return { text: [...HEAD, ...body, ''].join('\r\n'), variables };
}

function text(stdout: Buffer): string[] {
  return stdout.toString('utf16le').split(/\r?\n/);
}

function entries(found: readonly string[], from: string): GuestEntry[] {
  const [first = ''] = found;
  if (first.trim() === 'file') return [{ kind: 'file', path: '' }];
  if (first.trim() !== 'directory')
    return [{ kind: 'failure', path: '', reason: 'No such file or directory' }];
  const lists = new Map<string, string[]>();
  let current: string[] = [];
  const root = from.endsWith('\\') ? from : `${from}\\`;
  for (const line of found.slice(1)) {
    const [, attributes] = /^list (\S+)\s*$/.exec(line) ?? [];
    if (attributes !== undefined) {
      current = [];
      lists.set(attributes, current);
    } else if (line.toLowerCase().startsWith(root.toLowerCase())) {
      current.push(line.slice(root.length).replaceAll('\\', '/'));
    }
  }
  const links = lists.get('l') ?? [];
  // `dir` looks into links too, where it may go round in circles.
  const beyond = (path: string): boolean =>
    links.some((link) => path === link || path.startsWith(`${link}/`));
  const own = (attributes: string): string[] => (lists.get(attributes) ?? []).filter((path) => !beyond(path));
  return [
    { kind: 'directory', path: '' },
    ...own('d').map((path) => ({ kind: 'directory', path }) as const),
    ...own('-d').map((path) => ({ kind: 'file', path }) as const),
    ...links
      .filter((link) => !links.some((other) => link.startsWith(`${other}/`)))
      .map((path) => ({ kind: 'failure', path, reason: 'Links of Windows are not copied' }) as const),
  ];
}
