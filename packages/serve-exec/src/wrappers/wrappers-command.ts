import { parseArgs } from 'node:util';
import { ContainervError, nearestName, type PathTarget } from 'containerv-api';
import { nativeLauncherPath } from '../native-launcher.js';
import { listWrappers, removeWrappers } from './installed-wrappers.js';
import { splitWords } from './split-words.js';
import type { WrapperFormat, WrapperSpec } from './wrapper-options.js';
import { writeWrappers } from './write-wrappers.js';

const WRAPPERS_HELP = `Usage: serve-exec wrappers --container ID --out DIR NAME=PATH[:ARGS]...
       serve-exec wrappers --list --out DIR
       serve-exec wrappers --remove --out DIR [NAME...]

Writes a script for each NAME that runs PATH in the container with ARGS, which
are split at spaces as a shell does, and the caller's own arguments.

Options:
  --container ID        The container.
  --out DIR             Where the scripts go.
  --wdir DIR            Where the commands start, in the container (/).
  --format FORMAT       posix, cmd or powershell (posix; on Windows the others).
                        May be repeated.
  --target TARGET       Whose paths they are: linux, wcow or lcow (linux; on
                        Windows wcow).
  --program FILE        The serve-exec that the scripts look for, by its path
                        relative to theirs, before PATH (this one).
  --list                Show the scripts in DIR that this command wrote.
  --remove              Remove them, or those of these names. One that was
                        changed by hand is never removed or replaced.
  --help                Show this help.
`;

const FORMATS: readonly string[] = ['posix', 'cmd', 'powershell'] satisfies WrapperFormat[];
const TARGETS: readonly string[] = ['linux', 'wcow', 'lcow'] satisfies PathTarget[];

/** `serve-exec wrappers`, without these two words; gives what is to be printed. */
export async function wrappersCommand(argv: readonly string[], ownProgram: string): Promise<string> {
  const { values, positionals } = parse(argv);
  if (values.help === true) return WRAPPERS_HELP;
  const directory = values.out;
  if (directory === undefined) throw usage('--out is missing');
  if (values.list === true || values.remove === true) {
    if (values.list === values.remove) throw usage('--list and --remove exclude each other');
    if (values.container !== undefined) throw usage('--container has no meaning with --list and --remove');
    if (values.remove === true)
      return lines(await removeWrappers(directory, positionals.length === 0 ? undefined : positionals));
    if (positionals.length > 0) throw usage('--list takes no names');
    const found = await listWrappers(directory);
    return lines(found.map(({ path, unchanged }) => (unchanged ? path : `${path} (changed by hand)`)));
  }
  if (values.container === undefined) throw usage('--container is missing');
  if (positionals.length === 0) throw usage('No NAME=PATH is given');
  const program = values.program ?? (await nativeLauncherPath()) ?? ownProgram;
  return lines(
    await writeWrappers(positionals.map(parseSpec), {
      container: values.container,
      directory,
      wdir: values.wdir,
      formats: values.format?.map((format) => oneOf(format, FORMATS, '--format') as WrapperFormat),
      target:
        values.target === undefined ? undefined : (oneOf(values.target, TARGETS, '--target') as PathTarget),
      program,
    }),
  );
}

const TEXT = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;
const OPTIONS = {
  container: TEXT,
  out: TEXT,
  wdir: TEXT,
  format: { type: 'string', multiple: true },
  target: TEXT,
  program: TEXT,
  list: SWITCH,
  remove: SWITCH,
  help: SWITCH,
} as const;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    const [said = ''] = (error as Error).message.split('. ', 1);
    const unknown = /^Unknown option '--?([^']*)'/.exec(said)?.[1];
    const nearest = unknown === undefined ? undefined : nearestName(unknown, Object.keys(OPTIONS));
    throw usage(nearest === undefined ? said : `${said}. Did you mean --${nearest}?`);
  }
}

/** `NAME=PATH[:ARGS]`; a colon behind a drive's letter belongs to the path. */
export function parseSpec(text: string): WrapperSpec {
  const [, name = '', path = '', args = ''] =
    /^([^=]+)=((?:[a-zA-Z]:(?=[\\/]))?[^:]+)(?::(.*))?$/s.exec(text) ?? [];
  if (path === '') throw usage(`'${text}' is not NAME=PATH or NAME=PATH:ARGS`);
  return { name, path, args: splitWords(args) };
}

function oneOf(value: string, known: readonly string[], option: string): string {
  if (known.includes(value)) return value;
  throw usage(`${option} ${value} is none of ${known.join(', ')}`);
}

function lines(items: readonly string[]): string {
  return items.map((item) => `${item}\n`).join('');
}

function usage(what: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_INVALID_OPTION', what, {
    hint: 'serve-exec wrappers --help shows what is possible.',
  });
}
