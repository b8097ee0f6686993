import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PruneReport } from 'containerv-api';
import { FileBatch } from '../file-batch.js';
import type { Native } from '../native.js';
import { failureOf, systemError } from '../system-error.js';
import { emptyAsOwner, isOthersFile } from './remove-as-owner.js';

const ENOENT = 2;
const EWOULDBLOCK = 11;
const STAGED = /^\.containerv-snapshot-[0-9a-f]{32}$/;
const RECORD = /^\.snapshot-[0-9a-f]{32}$/;

/** A directory to be moved to where a snapshot is to be, and what finds it when the program that fills it is killed. */
export interface Staging {
  readonly path: string;
  /** Removes the directory, unless it was moved away, and what says that it is there. */
  end(): Promise<void>;
}

/**
 * Makes a directory that is ours alone in `parent`, so that it can be moved within it. Beforehand a file in the data
 * directory says where; we hold its lock for as long as we live, and who gets that lock removes both.
 */
export async function stage(
  native: Native,
  dataDirectory: string,
  id: string,
  parent: string,
): Promise<Staging> {
  const { name, record, lock } = await recordStaging(native, dataDirectory, id, parent);
  const staged = path.join(parent, `.containerv-snapshot-${name}`);
  const end = async (): Promise<void> => {
    try {
      await remove(native, staged, record);
    } finally {
      native.close(lock);
    }
  };
  try {
    await mkdir(staged, { mode: 0o700 });
  } catch (cause) {
    await end();
    const failure = failureOf(cause, 'take snapshot');
    if (failure === undefined) throw cause;
    const hint = 'The directory that the target is to be in has to be there and to be writable.';
    throw systemError(failure, { what: 'Cannot write beside the target:', hint, cause });
  }
  return { path: staged, end };
}

async function recordStaging(
  native: Native,
  dataDirectory: string,
  id: string,
  parent: string,
): Promise<{ name: string; record: string; lock: number }> {
  for (;;) {
    const name = randomBytes(16).toString('hex');
    const record = path.join(dataDirectory, `.snapshot-${name}`);
    const text = JSON.stringify({ id, staged: path.join(parent, `.containerv-snapshot-${name}`) });
    try {
      await writeFile(record, text, { flag: 'wx', mode: 0o600 });
    } catch (cause) {
      await rm(record, { force: true });
      const failure = failureOf(cause, 'take snapshot');
      if (failure === undefined) throw cause;
      const hint =
        'It says which directory to remove if this program is killed: the data directory needs room for it.';
      throw systemError(
        { ...failure, path: record },
        { what: 'Cannot write the note of a snapshot to', hint, cause },
      );
    }
    const lock = await lockRecord(native, record);
    // Who clears up may have come in between, and then the file is gone.
    if (lock !== undefined) return { name, record, lock };
  }
}

/** `undefined`: somebody else has it, or has removed it. */
async function lockRecord(native: Native, record: string): Promise<number | undefined> {
  const batch = new FileBatch();
  const lock = batch.add({ op: 'lock', path: record, exclusive: true });
  const failure = await batch.run(native, 'take snapshot');
  if (failure === undefined) return batch.result(lock).fd;
  if (failure.errno === EWOULDBLOCK || failure.errno === ENOENT) return undefined;
  throw systemError(failure, { what: 'Cannot lock' });
}

async function remove(native: Native, staged: string | undefined, record: string): Promise<void> {
  if (staged !== undefined) await removeStaged(native, staged);
  await rm(record, { force: true });
}

async function removeStaged(native: Native, staged: string): Promise<void> {
  const batch = new FileBatch();
  batch.add({ op: 'remove-tree', path: staged });
  let failure = await batch.run(native, 'remove snapshot');
  if (failure !== undefined && isOthersFile(failure)) {
    await emptyAsOwner(native, staged);
    failure = await batch.run(native, 'remove snapshot');
  }
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot remove' });
}

/** Removes the directories of snapshots whose programs were killed, that of a container which lives on too. */
export async function sweepStaging(native: Native, dataDirectory: string): Promise<PruneReport> {
  const removed: { id: string; released: string[] }[] = [];
  const failed: { id: string; message: string }[] = [];
  const names = await readdir(dataDirectory).catch(() => []);
  for (const record of names
    .filter((name) => RECORD.test(name))
    .map((name) => path.join(dataDirectory, name))) {
    let id = path.basename(record);
    try {
      if ((await lstat(record)).uid !== process.getuid?.()) continue;
      const lock = await lockRecord(native, record);
      if (lock === undefined) continue;
      try {
        const found = parseRecord(await readFile(record, 'utf8'));
        id = found?.id ?? id;
        await remove(native, found?.staged, record);
        if (found !== undefined) removed.push({ id, released: [found.staged] });
      } finally {
        native.close(lock);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      failed.push({ id, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { removed, failed };
}

/** Only ever a directory of the name that we give, and nothing for a file that its program did not finish. */
export function parseRecord(text: string): { id: string; staged: string } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { id, staged } = (parsed ?? {}) as { readonly id?: unknown; readonly staged?: unknown };
  if (typeof id !== 'string' || typeof staged !== 'string' || !path.isAbsolute(staged)) return undefined;
  return path.normalize(staged) === staged && STAGED.test(path.basename(staged)) ? { id, staged } : undefined;
}
