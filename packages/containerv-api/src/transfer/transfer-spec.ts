import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { checkArray, checkBoolean, checkOptions, invalidOption } from '../option-check.js';
import { checkAbortSignal } from '../options/abort-signal.js';
import { cleanGuestPath } from '../options/clean-path.js';
import { resolveHostPath } from '../options/host-path.js';
import type { Download, TransferOptions, TransferProgress, Upload } from './transfer.js';

/** A path to be copied with all that lies below it. */
export interface TreeTransfer {
  readonly kind: 'tree';
  readonly from: string;
  readonly to: string;
  /** Whether a symbolic link at `from` stands for what it leads to. */
  readonly follow: boolean;
}

/** The content of one file, from or to memory. */
export type ContentTransfer =
  | { readonly kind: 'content'; readonly from: Uint8Array | Readable; readonly to: string }
  | { readonly kind: 'content'; readonly from: string; readonly to: Uint8Array | Writable };

/** {@link TransferOptions} with everything checked and filled in. */
export interface TransferSpec<Content extends ContentTransfer = ContentTransfer> {
  readonly trees: readonly TreeTransfer[];
  readonly contents: readonly Content[];
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: TransferProgress) => void) | undefined;
  readonly preserveOwner: boolean;
  readonly reject: boolean;
}

export type UploadSpec = TransferSpec<Extract<ContentTransfer, { to: string }>>;
export type DownloadSpec = TransferSpec<Extract<ContentTransfer, { from: string }>>;

/** @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` */
export function resolveUpload(
  files: readonly Upload[],
  options: TransferOptions = {},
  cwd: string = process.cwd(),
): UploadSpec {
  const trees: TreeTransfer[] = [];
  const contents: Extract<ContentTransfer, { to: string }>[] = [];
  for (const [index, { from, to }] of checkEntries(files)) {
    const option = `files[${index}]`;
    const target = guestPath(to, `${option}.to`);
    if (typeof from === 'string') {
      const source = resolveHostPath(from, `${option}.from`, cwd);
      trees.push(tree(source, from, target.inside ? join(target.path, source, option) : target.path));
    } else if (from instanceof Uint8Array || isStream(from, 'pipe')) {
      if (target.inside)
        throw invalidOption(`${option}.to`, 'the path of a file, without a slash at its end', to);
      contents.push({ kind: 'content', from, to: target.path });
    } else {
      throw invalidOption(`${option}.from`, 'a path on the host, a Uint8Array or a readable stream', from);
    }
  }
  return { trees, contents, ...common(options, true) };
}

/** @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` */
export function resolveDownload(
  files: readonly Download[],
  options: TransferOptions = {},
  cwd: string = process.cwd(),
): DownloadSpec {
  const trees: TreeTransfer[] = [];
  const contents: Extract<ContentTransfer, { from: string }>[] = [];
  for (const [index, { from, to }] of checkEntries(files)) {
    const option = `files[${index}]`;
    const source = guestPath(from, `${option}.from`).path;
    if (typeof to === 'string') {
      const target = resolveHostPath(to, `${option}.to`, cwd);
      trees.push(tree(source, from, endsInSlash(to) ? join(target, source, option) : target));
    } else if (to instanceof Uint8Array || isStream(to, 'write')) {
      contents.push({ kind: 'content', from: source, to });
    } else {
      throw invalidOption(`${option}.to`, 'a path on the host, a Uint8Array or a writable stream', to);
    }
  }
  return { trees, contents, ...common(options, false) };
}

function checkEntries<Entry extends object>(files: readonly Entry[]): [number, Entry][] {
  return checkArray(files, 'files').map((entry, index) => {
    checkOptions(entry, `files[${index}]`, ['from', 'to']);
    return [index, entry];
  });
}

function common(
  options: TransferOptions,
  preserveOwner: boolean,
): Pick<TransferSpec, 'signal' | 'onProgress' | 'preserveOwner' | 'reject'> {
  checkOptions(options, 'options', ['signal', 'onProgress', 'preserveOwner', 'reject']);
  const { onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidOption('onProgress', 'a function', onProgress);
  }
  return {
    signal: checkAbortSignal(options.signal),
    onProgress,
    preserveOwner: checkBoolean(options.preserveOwner ?? preserveOwner, 'preserveOwner'),
    reject: checkBoolean(options.reject ?? true, 'reject'),
  };
}

function guestPath(given: unknown, option: string): { readonly path: string; readonly inside: boolean } {
  const clean = cleanGuestPath(given, option);
  return { path: clean, inside: clean !== '/' && endsInSlash(given as string) };
}

/** Also for `dir/.`, as a shell's user writes it. */
function endsInSlash(text: string): boolean {
  return /\/\.?$/.test(text);
}

function tree(from: string, given: string, to: string): TreeTransfer {
  return { kind: 'tree', from, to, follow: endsInSlash(given) };
}

function join(directory: string, source: string, option: string): string {
  const name = path.posix.basename(source);
  if (name === '')
    throw invalidOption(
      `${option}.to`,
      'a path without a slash at its end, since `/` has no name',
      directory,
    );
  return path.posix.join(directory, name);
}

function isStream(value: unknown, method: 'pipe' | 'write'): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    method in value &&
    typeof (value as Readonly<Record<string, unknown>>)[method] === 'function'
  );
}
