import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerSpec, LimitName } from 'containerv-api';
import { Policy } from 'containerv-policy';
import type { Cgroup } from '../cgroup/cgroup.js';
import { FileBatch } from '../file-batch.js';
import type { IdPlan } from '../ids/id-maps.js';
import type { Native } from '../native.js';
import type { HostView } from '../plan/host-view.js';
import { systemError } from '../system-error.js';

/** What it takes to start a stopped container from a program that did not make it. */
export interface BootRecord {
  readonly version: 1;
  readonly spec: ContainerSpec;
  readonly host: HostView;
  readonly ids: IdPlan;
  readonly cgroup: Omit<Cgroup, 'fd'>;
}

function bootFile(directory: string): string {
  return path.join(directory, 'boot.json');
}

export async function writeBootFile(native: Native, directory: string, record: BootRecord): Promise<void> {
  const { version, limits, deviceFilter, tasks } = record.cgroup;
  // A policy writes itself; what aborted the creation has no meaning any more.
  const spec = { ...record.spec, signal: undefined };
  const cgroup = { version, limits, deviceFilter, tasks };
  const text = JSON.stringify({ ...record, spec, cgroup } satisfies BootRecord);
  const batch = new FileBatch();
  batch.add({ op: 'replace', path: bootFile(directory), text });
  const failure = await batch.run(native, 'describe container');
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot write' });
}

/** `undefined`: there is none, or it is of another version. */
export async function readBootFile(directory: string): Promise<BootRecord | undefined> {
  let text: string;
  try {
    text = await readFile(bootFile(directory), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const record = JSON.parse(text) as BootRecord;
  if (record.version !== 1) return undefined;
  const { policy } = record.spec;
  const restored = typeof policy === 'string' ? policy : Policy.fromJSON(policy);
  return { ...record, spec: { ...record.spec, policy: restored } };
}

/** Limits that were changed meanwhile, where there is a boot file at all. */
export async function noteLimits(
  native: Native,
  directory: string,
  held: Partial<Record<LimitName, boolean>>,
): Promise<void> {
  const record = await readBootFile(directory);
  if (record === undefined) return;
  const cgroup = { ...record.cgroup, limits: { ...record.cgroup.limits, ...held } };
  await writeBootFile(native, directory, { ...record, cgroup });
}
