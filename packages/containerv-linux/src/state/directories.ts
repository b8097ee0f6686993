import { lstat, mkdir } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { ContainervError, isContainervError } from 'containerv-api';
import { failureOf, systemError } from '../system-error.js';

/** The state directory of root, unless told otherwise. */
export const SYSTEM_STATE = '/run/containerv';

/** Where containers are kept track of, and where what they write lives. */
export interface BaseDirectories {
  /** One directory a container: its lock, control socket and description. Gone after a reboot, best on a tmpfs. */
  readonly state: string;
  /** One directory a container: overlay upper and work directories. On a file system that overlayfs can write to. */
  readonly data: string;
}

export interface DirectoryContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
  readonly temporary: string;
}

/**
 * `CONTAINERV_STATE_DIR` and `CONTAINERV_DATA_DIR`; otherwise the places of the XDG base directory specification for
 * users, and `/run` and `/var/lib` for root.
 */
export function baseDirectories(
  context: DirectoryContext = {
    env: process.env,
    uid: process.getuid?.() ?? 0,
    home: homedir(),
    temporary: tmpdir(),
  },
): BaseDirectories {
  const { env, uid, home, temporary } = context;
  const standard =
    uid === 0
      ? { state: SYSTEM_STATE, data: '/var/lib/containerv' }
      : {
          state: absolute(env['XDG_RUNTIME_DIR'], 'containerv') ?? path.join(temporary, `containerv-${uid}`),
          data: absolute(env['XDG_DATA_HOME'], 'containerv') ?? path.join(home, '.local/share/containerv'),
        };
  return {
    state: chosen(env, 'CONTAINERV_STATE_DIR') ?? standard.state,
    data: chosen(env, 'CONTAINERV_DATA_DIR') ?? standard.data,
  };
}

/** The XDG specification has relative paths ignored. */
function absolute(directory: string | undefined, name: string): string | undefined {
  return directory !== undefined && path.isAbsolute(directory) ? path.join(directory, name) : undefined;
}

function chosen(env: DirectoryContext['env'], name: string): string | undefined {
  const directory = env[name];
  if (directory === undefined || directory === '') return undefined;
  if (path.isAbsolute(directory)) return path.normalize(directory);
  throw new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    `Expected ${name} to be an absolute path, got '${directory}'`,
  );
}

const verified = new Set<string>();

/**
 * Makes a base directory that only we can write to, or checks that it is one: in a shared place such as /tmp somebody
 * else could have made it first.
 */
export async function ensurePrivateDirectory(directory: string): Promise<void> {
  if (verified.has(directory)) return;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const failure = failureOf(cause, 'prepare directories');
    if (failure === undefined) throw cause;
    const hint =
      'CONTAINERV_STATE_DIR and CONTAINERV_DATA_DIR choose other places; each must be a directory or not be there.';
    throw systemError(failure, { what: 'Cannot make the directory', hint, cause });
  }
  await checkPrivateDirectory(directory);
}

/**
 * Those that are there already, as who lists, joins and clears up finds them. What is kept there says what is removed and
 * how processes are confined, so nobody else may have written it.
 * @throws ContainervError `ERR_CONTAINERV_PERMISSION` for one that is not ours alone
 */
export async function ownDirectories(): Promise<BaseDirectories> {
  const base = baseDirectories();
  for (const directory of [base.state, base.data]) {
    if (verified.has(directory)) continue;
    try {
      await checkPrivateDirectory(directory);
    } catch (error) {
      if (isContainervError(error)) throw error;
      // Nothing is there, or nothing that we can read.
    }
  }
  return base;
}

async function checkPrivateDirectory(directory: string): Promise<void> {
  const found = await lstat(directory);
  const { uid } = found;
  const belongs = uid === process.getuid?.();
  const ours = found.isDirectory() && belongs && (found.mode & 0o022) === 0;
  if (!ours) {
    const become = belongs
      ? ''
      : ` Root joins containers of user ${uid} as that user: setpriv --reuid ${uid} --regid $(id -g ${uid}) --init-groups COMMAND`;
    throw new ContainervError('ERR_CONTAINERV_PERMISSION', 'The directory is not ours alone:', {
      step: 'prepare directories',
      path: directory,
      hint: `It must belong to the user that runs this program and be writable by nobody else: chmod go-w, if it is yours. CONTAINERV_STATE_DIR and CONTAINERV_DATA_DIR choose other places.${become}`,
    });
  }
  verified.add(directory);
}

/** A base directory may be removed while we run, by an administrator or a test. */
export function forgetDirectory(directory: string): void {
  verified.delete(directory);
}
