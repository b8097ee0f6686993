import type { Container, RunOptions } from 'containerv-linux';
import { json } from './container.js';

/** What the fixture program `probe` prints. A number in place of a text is the errno that kept it from being read. */
interface RawProbe {
  readonly descriptors: Readonly<Record<string, string | number>>;
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly status: string;
  readonly mountinfo: string;
  readonly cgroup: string;
  readonly uid_map: string;
  readonly gid_map: string;
  readonly setgroups: string;
  readonly limits: string;
  readonly oom_score_adj: string;
  readonly namespaces: Readonly<Record<string, string>>;
  readonly devices: Readonly<Record<string, DeviceEntry>>;
  readonly interfaces: Readonly<Record<string, string>>;
  /** Of /proc/sys. */
  readonly parameters: Readonly<Record<string, string | number>>;
  /** Tables of /proc/self/net. */
  readonly network: Readonly<Record<string, string | number>>;
  readonly arguments: readonly string[];
  readonly environment: readonly string[];
  readonly cwd: string;
  readonly hostname: string;
  readonly processes: readonly number[];
  readonly init: Readonly<Record<string, string | number>>;
  readonly masked: Readonly<Record<string, MaskedEntry>>;
  readonly writable: Readonly<Record<string, number>>;
}

export interface DeviceEntry {
  readonly type: 'link' | 'directory' | 'character' | 'block' | 'file' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly major: number;
  readonly minor: number;
  readonly target?: string;
}

export interface MaskedEntry {
  readonly directory?: boolean;
  /** Bytes or entries. */
  readonly shown?: number;
  readonly errno: number;
  readonly major?: number;
  readonly minor?: number;
}

export interface InnerMount {
  readonly point: string;
  readonly root: string;
  readonly options: readonly string[];
  /** `shared:N` and the like. */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** The container as a process in it sees it. */
export interface Probe extends RawProbe {
  readonly mounts: readonly InnerMount[];
  /** Of /proc/self/status (proc_pid_status(5)). */
  statusField(name: string): string;
  /** The topmost mount at exactly that path. */
  mountAt(point: string): InnerMount | undefined;
}

export async function probe(
  container: Container,
  options: RunOptions = {},
  paths: readonly string[] = [],
  command = 'probe',
): Promise<Probe> {
  return readProbe(await json<RawProbe>(container, command, paths, options));
}

/** From the program's output. */
export function readProbe(raw: RawProbe): Probe {
  const mounts = raw.mountinfo.split('\n').filter(Boolean).map(parseMount);
  return {
    ...raw,
    mounts,
    statusField: (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(raw.status)?.[1] ?? '',
    mountAt: (point) => mounts.findLast((mount) => mount.point === point),
  };
}

function parseMount(line: string): InnerMount {
  const fields = line.split(' ');
  const separator = fields.indexOf('-');
  const [, , , root = '', point = '', options = ''] = fields;
  const [type = '', source = '', superOptions = ''] = fields.slice(separator + 1);
  return {
    point,
    root,
    options: options.split(','),
    propagation: fields.slice(6, separator),
    type,
    source,
    superOptions: superOptions.split(','),
  };
}
