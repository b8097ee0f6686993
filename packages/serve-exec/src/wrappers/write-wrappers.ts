import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkArray, checkContainerId, checkText, ContainervError } from 'containerv-api';
import { wrapperArguments } from './invocation.js';
import { recognize, wrapperContent, wrapperFileName } from './wrapper-file.js';
import { checkWrapperNames } from './wrapper-name.js';
import type { WrapperFormat, WrapperOptions, WrapperSpec } from './wrapper-options.js';

interface WrapperFile {
  readonly path: string;
  readonly content: string;
}

/**
 * Writes a wrapper script for each command, all or none. A file that is there and was not written by this function, or
 * was changed since, is left alone, and none is written. Files that are as they should be are not touched.
 *
 * @returns the paths of all wrappers asked for, whether they were there or not
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION`, `_EXISTS`, `_SYSTEM`
 * @example await writeWrappers([{ name: 'make', path: '/usr/bin/make' }], { container: 'build', directory: 'bin' })
 */
export async function writeWrappers(
  wrappers: readonly WrapperSpec[],
  options: WrapperOptions,
): Promise<readonly string[]> {
  const files = wrapperFiles(wrappers, options);
  const stale: WrapperFile[] = [];
  for (const file of files) if (await isStale(file)) stale.push(file);
  if (stale.length > 0) await replaceAll(options.directory, stale);
  return files.map((file) => file.path);
}

function wrapperFiles(wrappers: readonly WrapperSpec[], options: WrapperOptions): WrapperFile[] {
  const windows = process.platform === 'win32';
  const { wdir = '/', target = windows ? 'wcow' : 'linux' } = options;
  const formats: readonly WrapperFormat[] = options.formats ?? (windows ? ['cmd', 'powershell'] : ['posix']);
  const container = checkContainerId(options.container, 'container');
  const directory = path.resolve(checkText(options.directory, 'directory'));
  const program =
    options.program === undefined ? undefined : path.relative(directory, path.resolve(options.program));
  checkWrapperNames(
    checkArray(wrappers, 'wrappers').map(({ name }) => name),
    formats,
  );
  return wrappers.flatMap((wrapper) => {
    const args = wrapperArguments(wrapper, { container, wdir, target });
    if (args.some((argument) => argument.includes('\0')))
      throw new ContainervError(
        'ERR_CONTAINERV_INVALID_OPTION',
        `A NUL character is in an argument of '${wrapper.name}'`,
      );
    return formats.map((format) => ({
      path: path.join(directory, wrapperFileName(wrapper.name, format)),
      content: wrapperContent(format, { args, program }),
    }));
  });
}

async function isStale(file: WrapperFile): Promise<boolean> {
  const found = await readOwn(file.path);
  if (found === undefined) return true;
  const kind = recognize(found);
  if (kind !== 'foreign' && kind !== 'changed') return found !== file.content;
  throw new ContainervError(
    'ERR_CONTAINERV_EXISTS',
    kind === 'changed' ? 'The wrapper was changed by hand:' : 'The file is none of ours:',
    {
      path: file.path,
      hint: 'Move it away, or choose another name or directory.',
    },
  );
}

/** A regular file's content, never what a link leads to; `undefined`: there is nothing. */
export async function readOwn(file: string): Promise<string | undefined> {
  const about = await lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (about === undefined) return undefined;
  return about.isFile() && about.size < MAX_BYTES ? readFile(file, 'utf8') : '';
}

const MAX_BYTES = 16 * 1024 ** 2;

/** Every file is whole before the first takes its name. */
async function replaceAll(directory: string, files: readonly WrapperFile[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const staged: { readonly from: string; readonly to: string }[] = [];
  try {
    for (const { path: to, content } of files) {
      const from = path.join(path.dirname(to), `.${randomUUID()}.tmp`);
      staged.push({ from, to });
      await writeFile(from, content, { flag: 'wx', mode: 0o755 });
    }
    for (const { from, to } of staged) await rename(from, to);
  } finally {
    for (const { from } of staged) await rm(from, { force: true });
  }
}
