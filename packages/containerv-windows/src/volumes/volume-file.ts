import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { invalidOption } from 'containerv-api';
import { isWindowsPath } from '../transfer/windows-name.js';
import type { BaseDirectories } from '../state/directories.js';

const GRAMMAR = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;
const EXTENSION = '.vhdx';

/** Names no container can have: the directory is beside those of containers. */
export function volumeDirectory({ data }: BaseDirectories): string {
  return path.join(data, '.volumes');
}

export function volumeFile(base: BaseDirectories, name: string): string {
  return path.join(volumeDirectory(base), `${name}${EXTENSION}`);
}

/** While it is being made: one name for each who makes it. */
export function unfinishedFile(base: BaseDirectories, name: string): string {
  return path.join(volumeDirectory(base), `.${randomUUID()}.${name}${EXTENSION}`);
}

/** No volume has a name like it. */
export function isUnfinished(file: string): boolean {
  return file.startsWith('.') && file.endsWith(EXTENSION);
}

/** `undefined`: not the file of a volume. */
export function volumeNameOf(file: string): string | undefined {
  const name = file.toLowerCase().endsWith(EXTENSION) ? file.slice(0, -EXTENSION.length) : '';
  return isVolumeName(name) ? name : undefined;
}

/** @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` */
export function checkVolumeName(name: unknown, option = 'name'): string {
  if (typeof name === 'string' && isVolumeName(name)) return name;
  throw invalidOption(
    option,
    '1 to 63 of a-z A-Z 0-9 _ . -, starting with a letter or digit, and no name of a device such as nul',
    name,
  );
}

function isVolumeName(name: string): boolean {
  return GRAMMAR.test(name) && isWindowsPath(`${name}${EXTENSION}`) && isWindowsPath(name);
}
