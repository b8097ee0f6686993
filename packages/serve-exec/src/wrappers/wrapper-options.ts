import type { PathTarget } from 'containerv-api';

/** `'cmd'` for cmd.exe and everything that starts programs on Windows, `'powershell'` for its shell. */
export type WrapperFormat = 'posix' | 'cmd' | 'powershell';

/** One command of a container under a name of the host. */
export interface WrapperSpec {
  /** Of the file, without extension. */
  readonly name: string;
  /** In the container; a bare name is looked up in the container's PATH. */
  readonly path: string;
  /** What comes before the caller's own arguments. @defaultValue none */
  readonly args?: readonly string[] | undefined;
}

export interface WrapperOptions {
  /** The container's id. */
  readonly container: string;
  /** Where the wrappers go; made if it is not there. */
  readonly directory: string;
  /** Where the commands start, in the container. @defaultValue '/' */
  readonly wdir?: string | undefined;
  /** @defaultValue what this system runs: `['posix']`, on Windows `['cmd', 'powershell']` */
  readonly formats?: readonly WrapperFormat[] | undefined;
  /** Whose spelling the paths get (`containerPath`). @defaultValue 'linux', on Windows 'wcow' */
  readonly target?: PathTarget | undefined;
  /** The program that wrappers look for beside `serve-exec` in their own directory and in PATH. @defaultValue this package's */
  readonly program?: string | undefined;
}
