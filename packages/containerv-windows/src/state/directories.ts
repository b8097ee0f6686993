import { mkdir } from 'node:fs/promises';
import { win32 } from 'node:path';
import { ContainervError } from 'containerv-api';
import { isFullPath } from '../layers/windows-path.js';

/** Where containers are kept track of, and where what they write lives. */
export interface BaseDirectories {
  /** One directory a container: its lock and its description. */
  readonly state: string;
  /** One directory a container: its writable layer and the disk of its virtual machine. */
  readonly data: string;
}

/**
 * `CONTAINERV_STATE_DIR` and `CONTAINERV_DATA_DIR`; otherwise below the user's own `%LOCALAPPDATA%`, which Windows keeps
 * to the user, SYSTEM and administrators: what is in them decides what is removed and how processes run.
 */
export function baseDirectories(
  env: Readonly<Record<string, string | undefined>> = process.env,
): BaseDirectories {
  return {
    state: chosen(env, 'CONTAINERV_STATE_DIR') ?? standard(env, 'state'),
    data: chosen(env, 'CONTAINERV_DATA_DIR') ?? standard(env, 'data'),
  };
}

function standard(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const local = env['LOCALAPPDATA'];
  if (local !== undefined && isFullPath(local)) return win32.join(local, 'containerv', name);
  throw new ContainervError('ERR_CONTAINERV_NOT_FOUND', 'There is no directory for containers', {
    step: 'prepare directories',
    hint: 'LOCALAPPDATA is not set. Set it, or CONTAINERV_STATE_DIR and CONTAINERV_DATA_DIR.',
  });
}

function chosen(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const directory = env[name];
  if (directory === undefined || directory === '') return undefined;
  if (isFullPath(directory)) return win32.normalize(directory);
  throw new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    `Expected ${name} to be a full path, got '${directory}'`,
  );
}

export async function ensureDirectories(base: BaseDirectories): Promise<void> {
  for (const directory of [base.state, base.data]) {
    try {
      await mkdir(directory, { recursive: true });
    } catch (cause) {
      throw new ContainervError('ERR_CONTAINERV_SYSTEM', 'Cannot make the directory', {
        step: 'prepare directories',
        path: directory,
        hint: 'CONTAINERV_STATE_DIR and CONTAINERV_DATA_DIR choose other places.',
        cause,
      });
    }
  }
}
