import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import path from 'node:path';
import { ContainervError, type Layer } from 'containerv-api';
import { FileBatch } from '../file-batch.js';
import { workerMaps } from '../ids/choose-ids.js';
import type { Native } from '../native.js';
import { WorkKind } from '../protocol.js';
import { baseDirectories, ensurePrivateDirectory } from '../state/directories.js';
import { failureOf, systemError } from '../system-error.js';
import { stage, sweepStaging } from './staging.js';
import { doWork } from './worker.js';
import { openUpper, type WrittenLayer, writeOwners } from './open-upper.js';

const STEP = 'take snapshot';
const EEXIST = 17;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Copies what a container wrote to `target`, which is there whole or not at all. */
export async function takeSnapshot(native: Native, written: WrittenLayer, target: string): Promise<Layer> {
  const source = path.resolve(target);
  if ((await lstat(source).catch(() => undefined)) !== undefined) throw exists(source);
  // What others began and were killed over would stay until a prune otherwise.
  const base = await notesDirectory(written);
  await sweepStaging(native, base);
  const staging = await stage(native, base, written.id, path.dirname(source));
  try {
    await copy(native, written, staging.path);
    await publish(native, staging.path, source);
  } catch (error) {
    const failure = failureOf(error, STEP);
    throw failure === undefined
      ? error
      : systemError(failure, { what: 'Cannot take a snapshot:', cause: error });
  } finally {
    await staging.end();
  }
  return { type: 'overlay', source };
}

/** Where it is written down what a program that is killed leaves: beside what containers of this user write. */
async function notesDirectory({ layer }: WrittenLayer): Promise<string> {
  if (layer.upper !== null) return path.dirname(path.dirname(layer.upper));
  const { data } = baseDirectories();
  await ensurePrivateDirectory(data);
  return data;
}

async function copy(native: Native, written: WrittenLayer, staged: string): Promise<void> {
  await using from = await openUpper(native, written, STEP);
  const to = await open(staged, DIRECTORY);
  try {
    await doWork(native, {
      kind: WorkKind.CopyLayer,
      maps: workerMaps(),
      fds: [from.fd, to.fd],
      write: (writer) => writeOwners(writer, from.owners),
      what: STEP,
    });
  } finally {
    await to.close();
  }
}

async function publish(native: Native, staged: string, target: string): Promise<void> {
  const batch = new FileBatch();
  batch.add({ op: 'publish', path: staged, text: target });
  const failure = await batch.run(native, STEP);
  if (failure === undefined) return;
  throw failure.errno === EEXIST
    ? exists(target)
    : systemError({ ...failure, path: target }, { what: 'Cannot put the snapshot at' });
}

function exists(target: string): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_EXISTS',
    'There is something at the target of the snapshot already:',
    {
      step: STEP,
      path: target,
      hint: 'Choose another path, or remove what is there.',
    },
  );
}
