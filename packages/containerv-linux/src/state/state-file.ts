import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Enforced, ResolvedRlimit } from 'containerv-api';

const MAX_BYTES = 1024 * 1024;

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
  /** Host directories that go when the container does. */
  readonly dataDirectory: string | null;
  readonly cgroups: readonly string[];
  readonly stopped: boolean;
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

export function stateFile(directory: string): string {
  return path.join(directory, 'state.json');
}

/** Written as init is started; `null` before, and when it says nothing sensible. */
export async function readInitPid(directory: string): Promise<number | null> {
  const pid = Number(await readFile(path.join(directory, 'init.pid'), 'utf8').catch(() => ''));
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
    typeof record.network === 'string' &&
    (record.ownerPid === null || Number.isSafeInteger(record.ownerPid)) &&
    (record.dataDirectory === null || typeof record.dataDirectory === 'string') &&
    Array.isArray(record.cgroups) &&
    record.cgroups.every((cgroup) => typeof cgroup === 'string') &&
    typeof record.defaults === 'object' &&
    record.defaults !== null
  );
}
