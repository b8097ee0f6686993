import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { checkText, ContainervError } from 'containerv-api';
import { recognize, wrapperFileName } from './wrapper-file.js';
import type { WrapperFormat } from './wrapper-options.js';
import { readOwn } from './write-wrappers.js';

export interface InstalledWrapper {
  readonly name: string;
  readonly path: string;
  readonly format: WrapperFormat;
  /** Whether it is as it was written; one that is not is never removed. */
  readonly unchanged: boolean;
}

/** The wrappers in a directory, by name; nothing else that is in it. */
export async function listWrappers(directory: string): Promise<readonly InstalledWrapper[]> {
  const entries = await readdir(checkText(directory, 'directory')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  // By code unit: the same order in every language.
  entries.sort((one, other) => (one < other ? -1 : 1));
  const found: InstalledWrapper[] = [];
  for (const entry of entries) {
    const file = path.resolve(directory, entry);
    const kind = recognize((await readOwn(file)) ?? '');
    if (kind === 'foreign') continue;
    const format = kind === 'changed' ? formatOf(entry) : kind;
    const extension = wrapperFileName('', format);
    if (!entry.endsWith(extension)) continue;
    found.push({
      name: entry.slice(0, entry.length - extension.length),
      path: file,
      format,
      unchanged: kind !== 'changed',
    });
  }
  return found;
}

/**
 * Removes wrappers that are as they were written, all or those of these names, and nothing else.
 *
 * @returns the paths of what was removed
 * @throws ContainervError `ERR_CONTAINERV_NOT_FOUND` for a name that has no wrapper, `_STATE` for one that was changed;
 * then nothing is removed
 */
export async function removeWrappers(
  directory: string,
  names?: readonly string[],
): Promise<readonly string[]> {
  const found = await listWrappers(directory);
  const chosen =
    names === undefined
      ? found.filter(({ unchanged }) => unchanged)
      : found.filter(({ name }) => names.includes(name));
  for (const name of names ?? []) {
    if (!chosen.some((wrapper) => wrapper.name === name))
      throw new ContainervError('ERR_CONTAINERV_NOT_FOUND', `There is no wrapper '${name}'`, {
        path: directory,
      });
  }
  const changed = chosen.find(({ unchanged }) => !unchanged);
  if (changed !== undefined)
    throw new ContainervError('ERR_CONTAINERV_STATE', 'The wrapper was changed by hand:', {
      path: changed.path,
      hint: 'Remove it by hand.',
    });
  for (const wrapper of chosen) await rm(wrapper.path, { force: true });
  return chosen.map((wrapper) => wrapper.path);
}

function formatOf(entry: string): WrapperFormat {
  if (entry.endsWith('.cmd')) return 'cmd';
  return entry.endsWith('.ps1') ? 'powershell' : 'posix';
}
