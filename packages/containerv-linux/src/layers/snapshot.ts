import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import path from 'node:path';
import { ContainervError, type Layer } from 'containerv-api';
import { FileBatch } from '../file-batch.js';
import { workerMaps } from '../ids/choose-ids.js';
import type { Native } from '../native.js';
import { WorkKind } from '../protocol.js';
import { failureOf, systemError } from '../system-error.js';
import { stage, sweepStaging } from './staging.js';
import { doWork } from './worker.js';
import type { WritableLayer } from './writable-layer.js';

const STEP = 'take snapshot';
const EEXIST = 17;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Copies what a container wrote to `target`, which is there whole or not at all. */
export async function takeSnapshot(native: Native, layer: WritableLayer, target: string): Promise<Layer> {
  const source = path.resolve(target);
  if ((await lstat(source).catch(() => undefined)) !== undefined) throw exists(source);
  // What others began and were killed over would stay until a prune otherwise.
  const own = path.dirname(layer.upper);
  const base = path.dirname(own);
  await sweepStaging(native, base);
  const staging = await stage(native, base, path.basename(own), path.dirname(source));
  try {
    await copy(native, layer, staging.path);
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

async function copy(native: Native, layer: WritableLayer, staged: string): Promise<void> {
  const from = await open(layer.upper, DIRECTORY);
  try {
    const to = await open(staged, DIRECTORY);
    try {
      const fds = [from.fd, to.fd];
      await doWork(native, { kind: WorkKind.CopyLayer, maps: workerMaps(), fds, what: STEP });
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
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
