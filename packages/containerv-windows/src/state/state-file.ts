import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { win32 } from 'node:path';
import { checkContainerId, type ContainerSpec, type Enforced, isContainervError } from 'containerv-api';
import { Policy } from 'containerv-policy';
import { OWNER } from '../documents/json.js';
import { samePathKey } from '../layers/windows-path.js';
import type { PreparedStorage } from '../storage/container-storage.js';
import type { BaseDirectories } from './directories.js';

// The environment of every process is in it, which may be megabytes.
const MAX_BYTES = 32 * 1024 * 1024;

/** What other programs need to list, join, start again and clean up a container. */
export interface StateRecord {
  readonly version: 1;
  readonly ownerPid: number;
  readonly createdAt: string;
  /** Whether nothing of it runs: no system, no network, no mounted layer. Written before there is any. */
  readonly stopped: boolean;
  readonly spec: ContainerSpec;
  readonly storage: PreparedStorage;
  /** As it was when it last started; `null` before. */
  readonly enforced: Enforced | null;
  /** The endpoint of the Host Networking Service, for its figures. */
  readonly endpointId: string | null;
}

/** Owner of all systems that are described in this directory: those of other directories are other people's. */
export function ownerTag({ state }: BaseDirectories): string {
  const place = createHash('sha256').update(samePathKey(state)).digest('hex').slice(0, 16);
  return `${OWNER}-${place}`;
}

export async function containerIds({ state }: BaseDirectories): Promise<string[]> {
  return namesIn(state);
}

/** Ids that have anything in a base directory. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && isId(entry.name)).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isId(name: string): boolean {
  try {
    return checkContainerId(name) === name;
  } catch (error) {
    if (isContainervError(error)) return false;
    throw error;
  }
}

export async function writeState(directory: string, record: StateRecord): Promise<void> {
  const { signal: _, policy, ...spec } = record.spec;
  const plain = typeof policy === 'string' ? policy : policy.toJSON();
  const text = JSON.stringify({ ...record, spec: { ...spec, policy: plain } });
  const file = win32.join(directory, 'state.json');
  // Readers see the one or the other, never half of it.
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** `undefined`: there is none yet, or it is not one of ours. */
export async function readState(directory: string, id: string): Promise<StateRecord | undefined> {
  let text: string;
  try {
    text = await readFile(win32.join(directory, 'state.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (text.length > MAX_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(value, id) ? revived(value) : undefined;
}

function revived(record: StateRecord): StateRecord {
  const { policy } = record.spec;
  if (typeof policy === 'string') return record;
  return { ...record, spec: { ...record.spec, policy: Policy.fromJSON(policy) } };
}

/** What is looked at before the rest is trusted: the directory is the user's own. */
function isRecord(value: unknown, id: string): value is StateRecord {
  if (!isObject(value) || !isObject(value['spec']) || !isObject(value['storage'])) return false;
  const { spec, storage } = value;
  return (
    value['version'] === 1 &&
    Number.isSafeInteger(value['ownerPid']) &&
    typeof value['createdAt'] === 'string' &&
    !Number.isNaN(Date.parse(value['createdAt'])) &&
    typeof value['stopped'] === 'boolean' &&
    spec['id'] === id &&
    typeof spec['detached'] === 'boolean' &&
    typeof spec['cwd'] === 'string' &&
    isObject(spec['env']) &&
    isObject(spec['user']) &&
    isObject(spec['limits']) &&
    isObject(spec['root']) &&
    isObject(spec['network']) &&
    (storage['kind'] === 'windowsfilter' || storage['kind'] === 'linux') &&
    (value['enforced'] === null || isObject(value['enforced'])) &&
    (value['endpointId'] === null || typeof value['endpointId'] === 'string')
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
