import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  containerPath,
  ContainervError,
  type DownloadSpec,
  throwIfAborted,
  type TransferReport,
} from 'containerv-api';
import { guestFailure, shellFailure } from './guest-failure.js';
import type { GuestEntry, GuestShell, GuestStep } from './guest-shell.js';
import { HostTarget } from './host-target.js';
import { dialectOf, runSteps } from './run-steps.js';
import { StagingArea } from './staging-area.js';
import { Tally } from './tally.js';
import { isWindowsPath } from './windows-name.js';

/** Files that are staged at once. */
const BATCH_FILES = 100;
/** The staged name, the names of variables. */
const PER_FILE_CHARACTERS = 200;

/**
 * Copies everything that a download lists: a shell of the container puts it into the staging directory, from where it is
 * taken to its place. Owners and modes are not kept.
 *
 * @param staging the host's path of the directory that the container sees at `shell.stagingPath`
 * @throws TransferError; ContainervError `ERR_CONTAINERV_UNSUPPORTED` for `preserveOwner`
 */
export async function download(
  shell: GuestShell,
  staging: string,
  spec: DownloadSpec,
): Promise<TransferReport> {
  throwIfAborted(spec.signal, 'download');
  if (spec.preserveOwner) {
    throw new ContainervError(
      'ERR_CONTAINERV_UNSUPPORTED',
      'Windows hosts cannot keep owners (`preserveOwner`)',
      {
        step: 'download',
        hint: 'Leave it out: what comes out is yours.',
      },
    );
  }
  const run = new Download(shell, new StagingArea(staging), spec);
  try {
    for (const { from, to, follow } of spec.trees) await run.tree(from, to, follow);
    for (const { from, to } of spec.contents) await run.content(from, to);
  } finally {
    await run.area.remove();
  }
  return run.tally.finish();
}

class Download {
  readonly area: StagingArea;
  readonly tally: Tally;
  readonly #shell: GuestShell;
  readonly #signal: AbortSignal | undefined;

  constructor(shell: GuestShell, area: StagingArea, spec: DownloadSpec) {
    this.#shell = shell;
    this.area = area;
    this.#signal = spec.signal;
    this.tally = new Tally('download', spec);
  }

  async tree(from: string, to: string, follow: boolean): Promise<void> {
    if (this.tally.aborted) return;
    const target = new HostTarget(to);
    const ends = (path: string): { from: string; to: string } =>
      path === '' ? { from, to } : { from: `${from === '/' ? '' : from}/${path}`, to: `${to}/${path}` };
    const attempt = async (path: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (!this.tally.aborted) this.tally.failed(ends(path), error);
      }
    };
    const files: string[] = [];
    const links: Extract<GuestEntry, { kind: 'link' }>[] = [];
    for (const entry of await this.#list(from, follow, ends(''))) {
      if (this.tally.aborted) return;
      if (entry.path !== '' && !isWindowsPath(entry.path)) {
        this.tally.failed(ends(entry.path), notOfTheHost(entry.path));
      } else if (entry.kind === 'file') files.push(entry.path);
      else if (entry.kind === 'link') links.push(entry);
      else
        await attempt(entry.path, async () => {
          if (entry.kind === 'failure') throw guestFailure('download', ends(entry.path).from, entry.reason);
          await target.directory(entry.path);
          this.tally.copied('directory');
        });
    }
    const all = files.map((path) => ({ path, inside: ends(path).from }));
    for (const batch of batches(all, dialectOf(this.#shell).maxCharacters)) {
      await this.#take(batch, follow, attempt, async ({ path }, staged) => {
        const handle = await this.area.open(staged);
        try {
          this.tally.copied('file', await target.file(path, handle, this.#signal));
        } finally {
          await handle.close();
        }
      });
    }
    // Last, so that nothing that comes after goes through them.
    for (const { path, target: leadsTo } of links) {
      if (this.tally.aborted) return;
      await attempt(path, async () => {
        await target.link(path, leadsTo);
        this.tally.copied('link');
      });
    }
  }

  async content(from: string, to: Uint8Array | Writable): Promise<void> {
    if (this.tally.aborted) return;
    const attempt = async (_path: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (!this.tally.aborted) this.tally.failed({ from, to: undefined }, error);
      }
    };
    await this.#take([{ path: '', inside: from }], true, attempt, async (_file, staged) => {
      const handle = await this.area.open(staged);
      try {
        const { size } = await handle.stat();
        if (to instanceof Uint8Array) {
          if (size > to.length) throw tooSmall(from, size);
          let filled = 0;
          for (let got = -1; got !== 0; filled += got) {
            got = (await handle.read(to, filled, to.length - filled, filled)).bytesRead;
          }
          this.tally.copied('file', filled);
          return;
        }
        const counted = new Counted();
        const signal = this.#signal === undefined ? {} : { signal: this.#signal };
        await pipeline(handle.createReadStream({ autoClose: false }), counted, to, signal);
        this.tally.copied('file', counted.bytes);
      } finally {
        await handle.close();
      }
    });
  }

  async #list(from: string, follow: boolean, ends: { from: string; to: string }): Promise<GuestEntry[]> {
    const dialect = dialectOf(this.#shell);
    const inside = this.#inside(from);
    try {
      const { stdout, stderr, exitCode } = await this.#shell.run(dialect.list(inside, follow), this.#signal);
      const entries = dialect.parseList(stdout, inside);
      if (exitCode === 0 && entries.length > 0) return entries;
      throw shellFailure('download', exitCode, stderr);
    } catch (error) {
      if (!this.tally.aborted) this.tally.failed(ends, error);
      return [];
    }
  }

  async #take<File extends { readonly path: string; readonly inside: string }>(
    files: readonly File[],
    follow: boolean,
    attempt: (path: string, work: () => Promise<void>) => Promise<void>,
    arrived: (file: File, staged: string) => Promise<void>,
  ): Promise<void> {
    if (this.tally.aborted) return;
    const staged = files.map(() => this.area.reserve());
    try {
      const steps = files.map(
        ({ path, inside }, index): GuestStep => ({
          kind: 'take',
          from: this.#inside(inside),
          staged: staged[index] ?? '',
          follow: follow && path === '',
        }),
      );
      const failures = await runSteps(this.#shell, steps, 'download', this.#signal);
      for (const [index, file] of files.entries()) {
        if (this.tally.aborted) return;
        await attempt(file.path, async () => {
          const reason = failures.get(index);
          if (reason !== undefined) throw guestFailure('download', file.inside, reason);
          await arrived(file, staged[index] ?? '');
        });
      }
    } catch (error) {
      for (const { path } of files) {
        await attempt(path, async () => {
          throw error;
        });
      }
    } finally {
      await this.area.remove(staged);
    }
  }

  #inside(path: string): string {
    return containerPath(path, this.#shell.os === 'linux' ? 'linux' : 'wcow');
  }
}

function* batches<File extends { readonly inside: string }>(
  files: readonly File[],
  maxCharacters: number,
): Generator<File[]> {
  let batch: File[] = [];
  let characters = 0;
  for (const file of files) {
    batch.push(file);
    characters += file.inside.length + PER_FILE_CHARACTERS;
    if (batch.length < BATCH_FILES && characters < maxCharacters) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) yield batch;
}

class Counted extends Transform {
  bytes = 0;

  constructor() {
    super({
      transform: (chunk: Buffer, _encoding, done) => {
        this.bytes += chunk.length;
        done(null, chunk);
      },
    });
  }
}

/** Refused, rather than changed into a name that the container did not mean: `..`, `a:b`, `NUL`. */
function notOfTheHost(path: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `Windows has no such names of files: '${path}'`, {
    step: 'download',
    path,
  });
}

function tooSmall(path: string, size: number): ContainervError {
  return new ContainervError('ERR_CONTAINERV_INVALID_OPTION', 'The buffer is too small for', {
    step: 'download',
    path,
    hint: `The file has ${size} bytes.`,
  });
}
