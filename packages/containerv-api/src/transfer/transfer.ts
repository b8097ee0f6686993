import type { Readable, Writable } from 'node:stream';
import type { ContainervError } from '../errors.js';

/**
 * Something to be copied into a container. `to` names the result itself, as `cp -T` has it: a file at `to` is replaced
 * at once by the whole new one, a directory is merged into. With a slash at its end, `to` is a directory to put it in,
 * under the name that it has. Missing parent directories are made.
 */
export interface Upload {
  /** A path on the host, or the content of a file. A symbolic link is copied as one, unless a slash ends the path. */
  readonly from: string | Uint8Array | Readable;
  /** An absolute path in the container. */
  readonly to: string;
}

/** Something to be copied out of a container; otherwise as {@link Upload}. */
export interface Download {
  /** An absolute path in the container. A symbolic link is copied as one, unless a slash ends the path. */
  readonly from: string;
  /** A path on the host; or where one file's content goes: a stream, which is ended, or a buffer that holds it all. */
  readonly to: string | Uint8Array | Writable;
}

/** One entry of `upload` or `download`. */
export type Transfer = Upload | Download;

export interface TransferOptions {
  /** Stops copying. What is whole by then stays. */
  readonly signal?: AbortSignal | undefined;
  /** Called while data moves, some ten times a second, and once at the end. */
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  /**
   * Whether copies keep their owners: as the container's id map translates them, or by number where the container's
   * mounts show files with the ids that they have on disk (`enforced.ids.mappedMounts`). Ids that it lacks become those
   * of root inside, and the caller's outside. Otherwise what goes in is the container's root's, and what comes out the
   * caller's. @defaultValue true for uploads, false for downloads
   */
  readonly preserveOwner?: boolean | undefined;
  /** Whether to reject when anything could not be copied. @defaultValue true */
  readonly reject?: boolean | undefined;
}

export interface TransferProgress {
  /** Of content that was moved: holes are not. */
  readonly bytes: number;
  /** Files, directories and links that are complete. */
  readonly entries: number;
}

/** What was copied. */
export interface TransferReport {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  /** Of the files' content, holes included. */
  readonly bytes: number;
  /** What was not copied, at most a thousand of them. */
  readonly failures: readonly TransferFailure[];
  /** How many there are. */
  readonly failed: number;
  readonly durationMs: number;
}

export interface TransferFailure {
  /** The path, on the host or in the container; `undefined` for a stream or a buffer. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly error: ContainervError;
}
