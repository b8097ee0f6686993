import { constants } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Change } from 'containerv-api';
import { workerMaps } from '../ids/choose-ids.js';
import type { Native } from '../native.js';
import { WorkKind } from '../protocol.js';
import type { WireWriter } from '../wire.js';
import { openLayers, type OpenLayers } from './open-layers.js';
import { doWork } from './worker.js';
import { openUpper, type WrittenLayer, writeOwners } from './open-upper.js';

const STEP = 'list changes';

/** Compares what a container wrote with what lies below. */
export async function listChanges(
  native: Native,
  written: WrittenLayer,
  stateDirectory: string,
): Promise<Change[]> {
  const { layer } = written;
  await using upper = await openUpper(native, written, STEP);
  await using opened = await openLayers(native, layer, STEP);
  // In a directory that is ours alone, and removed with the container should we not come to it.
  const file = path.join(stateDirectory, `changes-${process.pid}-${Date.now()}`);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const report = await open(file, flags, 0o600);
  try {
    await doWork(native, {
      kind: WorkKind.ListChanges,
      maps: workerMaps(),
      fds: [upper.fd, report.fd],
      more: opened.lower,
      write: (writer) => writeParts(writeOwners(writer, upper.owners), opened),
      what: STEP,
    });
    return parseChanges(await readFile(file), new Set(layer.given));
  } finally {
    await report.close();
    await rm(file, { force: true });
  }
}

function writeParts(writer: WireWriter, { parts }: OpenLayers): void {
  writer.list(parts, (part) => writer.text(part.path).u32(part.lower));
}

/** Records `KIND d|f PATH`, each with a NUL at its end (`native/init/tree_changes.h`). */
export function parseChanges(report: Buffer, given: ReadonlySet<string>): Change[] {
  const records = report.toString('utf8').split('\0').slice(0, -1);
  return records
    .flatMap((record) => changeOf(record, given))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function changeOf(record: string, given: ReadonlySet<string>): Change[] {
  const [, letter, type, name] = /^([AMDW]) ([df]) (.*)$/s.exec(record) ?? [];
  if (letter === undefined || type === undefined || name === undefined) return [];
  const changed = `/${name}`;
  const own = !given.has(changed);
  switch (letter) {
    case 'A':
      // Directories and files that the container was given are in no layer.
      if (own) return [{ path: changed, kind: 'added' }];
      return type === 'd' ? [] : [{ path: changed, kind: 'modified' }];
    case 'M':
      return [{ path: changed, kind: 'modified' }];
    case 'D':
      return [{ path: changed, kind: 'deleted' }];
    default:
      return own ? [] : [{ path: changed, kind: 'deleted' }];
  }
}
