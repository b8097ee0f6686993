import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Enforced, ResolvedRlimit } from 'containerv-api';

const NAME = 'state.json';
const MAX_BYTES = 1024 * 1024;

/** What other processes need to list, join and clean up a container. */
export interface StateRecord {
  readonly version: 1;
  readonly id: string;
  readonly initPid: number | null;
  readonly ownerPid: number | null;
  readonly detached: boolean;
  readonly createdAt: string;
  readonly rootfs: string;
  readonly policy: string;
  /** Host directories that go when the container does. */
  readonly dataDirectory: string | null;
  readonly cgroups: readonly string[];
  readonly stopped: boolean;
  readonly enforced: Enforced | null;
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
  /** What a process that joins with a policy of its own is confined by besides. */
  readonly capabilities: string;
  readonly filter: string;
}

/** Whole or not at all. */
export async function writeStateFile(directory: string, record: StateRecord): Promise<void> {
  const staged = path.join(directory, `.${NAME}`);
  await writeFile(staged, JSON.stringify(record), { mode: 0o600 });
  await rename(staged, path.join(directory, NAME));
}

/** `undefined`: there is none yet, or it is not one of ours. */
export async function readStateFile(directory: string): Promise<StateRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path.join(directory, NAME), 'utf8');
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

function isRecord(value: unknown): value is StateRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<keyof StateRecord, unknown>>;
  return (
    record.version === 1 &&
    typeof record.id === 'string' &&
    typeof record.detached === 'boolean' &&
    typeof record.createdAt === 'string' &&
    typeof record.rootfs === 'string' &&
    typeof record.policy === 'string' &&
    (record.initPid === null || Number.isSafeInteger(record.initPid)) &&
    (record.ownerPid === null || Number.isSafeInteger(record.ownerPid)) &&
    (record.dataDirectory === null || typeof record.dataDirectory === 'string') &&
    Array.isArray(record.cgroups) &&
    record.cgroups.every((cgroup) => typeof cgroup === 'string') &&
    typeof record.defaults === 'object' &&
    record.defaults !== null
  );
}
