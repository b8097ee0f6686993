import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { GroupDirectories } from '../cgroup/groups.js';
import type { Enforced, ResolvedRlimit } from 'containerv-api';
import { FileBatch } from '../file-batch.js';
import type { WritableLayer } from '../layers/writable-layer.js';
import type { Native } from '../native.js';
import { systemError } from '../system-error.js';
import { lockFile } from './claim.js';

// The environment of every process is in it, which may be megabytes.
const MAX_BYTES = 32 * 1024 * 1024;

/** What other processes need to list, join and clean up a container. */
export interface StateRecord {
  readonly version: 1;
  readonly id: string;
  readonly ownerPid: number | null;
  readonly detached: boolean;
  readonly createdAt: string;
  readonly rootfs: string;
  readonly policy: string;
  readonly network: Enforced['network'];
  /** What its interface on the host is found by; `null`: it has none. */
  readonly networkToken: string | null;
  /** Host directories that go when the container does. */
  readonly dataDirectory: string | null;
  /** What the container writes to and what lies below; `null` when that is not on the disk. */
  readonly layer: WritableLayer | null;
  /** Control groups that go when the container does, inner ones first. */
  readonly cgroups: readonly string[];
  readonly groups: GroupDirectories;
  readonly stopped: boolean;
  /** Destroyed by somebody else while its maker kept it: it is not one to be started again when that has ended. */
  readonly discarded?: boolean | undefined;
  readonly defaults: ProcessDefaultsRecord;
}

export interface ProcessDefaultsRecord {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: {
    readonly user: string | number;
    readonly group?: string | number | undefined;
    readonly groups?: readonly number[] | undefined;
  };
  readonly rlimits: readonly ResolvedRlimit[];
  readonly cpuAffinity?: readonly number[] | undefined;
  /** What a process that joins with a policy of its own is confined by besides. */
  readonly capabilities: string;
  readonly filter: string;
}

export function stateFile(directory: string): string {
  return path.join(directory, 'state.json');
}

/** Init's process id is written in the lock that it holds. */
export function initPidFile(directory: string): string {
  return lockFile(directory);
}

/** Written as init is started; `null` before, and when it says nothing sensible. */
export async function readInitPid(directory: string): Promise<number | null> {
  const pid = Number(await readFile(initPidFile(directory), 'utf8').catch(() => ''));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}

/** `undefined`: there is none yet, or it is not one of ours. */
export async function readStateFile(directory: string): Promise<StateRecord | undefined> {
  let text: string;
  try {
    text = await readFile(stateFile(directory), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (text.length > MAX_BYTES) return undefined;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(record) ? record : undefined;
}

/** Writes down for other processes whether the container is stopped. */
export async function describeStopped(
  native: Native,
  directory: string,
  record: Omit<StateRecord, 'stopped'>,
  stopped: boolean,
): Promise<void> {
  const update = new FileBatch();
  const current: StateRecord = { ...record, stopped };
  update.add({ op: 'replace', path: stateFile(directory), text: JSON.stringify(current) });
  const failure = await update.run(native, 'describe container');
  if (failure !== undefined) throw systemError(failure, { what: 'Cannot write' });
}

const NETWORKS: ReadonlySet<unknown> = new Set(['none', 'host', 'private']);

/** The file is ours alone to write, but what is in it decides what is removed and how processes are confined. */
function isRecord(value: unknown): value is StateRecord {
  if (!isObject(value)) return false;
  return (
    value['version'] === 1 &&
    isText(value['id']) &&
    typeof value['detached'] === 'boolean' &&
    typeof value['stopped'] === 'boolean' &&
    (value['discarded'] === undefined || typeof value['discarded'] === 'boolean') &&
    isText(value['createdAt']) &&
    !Number.isNaN(Date.parse(value['createdAt'])) &&
    isText(value['rootfs']) &&
    isText(value['policy']) &&
    NETWORKS.has(value['network']) &&
    (value['ownerPid'] === null || Number.isSafeInteger(value['ownerPid'])) &&
    (value['networkToken'] === null ||
      (isText(value['networkToken']) && /^[0-9a-f]{16}$/.test(value['networkToken']))) &&
    (value['dataDirectory'] === null || isText(value['dataDirectory'])) &&
    (value['layer'] === null || isWritableLayer(value['layer'])) &&
    Array.isArray(value['cgroups']) &&
    value['cgroups'].every((cgroup) => isText(cgroup)) &&
    areGroups(value['groups']) &&
    areDefaults(value['defaults'])
  );
}

function areGroups(value: unknown): boolean {
  if (!isObject(value) || !isObject(value['v1'])) return false;
  const directories = [value['unified'] ?? '/', ...Object.values(value['v1'])];
  return directories.every((directory) => isText(directory) && directory.startsWith('/'));
}

function isWritableLayer(value: unknown): boolean {
  if (!isObject(value) || !(value['upper'] === null || isText(value['upper']))) return false;
  if (!Array.isArray(value['parts'])) return false;
  const parts = value['parts'].every(
    (part) =>
      isObject(part) &&
      typeof part['path'] === 'string' &&
      Array.isArray(part['lower']) &&
      part['lower'].every(
        (lower) => isObject(lower) && isText(lower['path']) && typeof lower['image'] === 'boolean',
      ),
  );
  return parts && Array.isArray(value['given']) && value['given'].every((given) => isText(given));
}

function areDefaults(value: unknown): boolean {
  if (!isObject(value) || !isObject(value['env']) || !isObject(value['user'])) return false;
  return (
    isText(value['cwd']) &&
    Object.values(value['env']).every((text) => typeof text === 'string') &&
    ['string', 'number'].includes(typeof value['user']['user']) &&
    Array.isArray(value['rlimits']) &&
    value['rlimits'].every((rlimit) => isObject(rlimit) && Number.isSafeInteger(rlimit['resource'])) &&
    (value['cpuAffinity'] === undefined ||
      (Array.isArray(value['cpuAffinity']) && value['cpuAffinity'].every(isCpu))) &&
    /^[0-9a-f]{1,16}$/.test(String(value['capabilities'])) &&
    isText(value['filter'])
  );
}

function isCpu(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
