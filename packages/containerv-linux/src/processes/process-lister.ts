import { uptime } from 'node:os';
import { ContainervError, type ProcessInfo } from 'containerv-api';
import { type GroupDirectories, NO_GROUPS } from '../cgroup/groups.js';
import type { Native, RawProcessList } from '../native.js';
import { processFiles } from '../stats/stats-files.js';
import { insideId, parsePasswd, parseProcess, type ProcessFigures } from './parse-process.js';

interface Sample {
  readonly cpuTicks: number;
  readonly atMs: number;
}

/** Lists a container's processes, and remembers what they had used the last time. */
export class ProcessLister {
  readonly #native: Native;
  readonly #id: string;
  #samples: ReadonlyMap<string, Sample> = new Map();

  constructor(native: Native, id: string) {
    this.#native = native;
    this.#id = id;
  }

  /** Those in its control groups; without any, those that descend from init. */
  async list(init: number, groups: GroupDirectories): Promise<ProcessInfo[]> {
    const files = processFiles(groups);
    const raw = await this.#native.listProcesses(init, this.#id, files);
    const found = raw.processes.flatMap((process) => parseProcess(process) ?? []);
    const own = found.find(({ hostPid }) => hostPid === init);
    // Some users are given some controllers, and not the one that lists processes.
    if (own === undefined && files.length > 0) return this.list(init, NO_GROUPS);
    if (own === undefined) {
      throw new ContainervError('ERR_CONTAINERV_STATE', `Container '${this.#id}' has just ended`, {
        step: 'list processes',
      });
    }
    return this.#describe(raw, ownProcesses(found, own, files.length > 0), own.pids.length - 1);
  }

  #describe(
    { uidMap, passwd, pageBytes, ticksPerSecond }: RawProcessList,
    processes: readonly ProcessFigures[],
    depth: number,
  ): ProcessInfo[] {
    const nowMs = Date.now();
    const bootMs = nowMs - uptime() * 1000;
    const names = parsePasswd(passwd.toString('utf8'));
    const inside = new Map(processes.map(({ hostPid, pids }) => [hostPid, pids[depth] ?? 0]));
    const samples = new Map<string, Sample>();
    const list = processes.map((process): ProcessInfo => {
      const startedMs = bootMs + (process.startTicks / ticksPerSecond) * 1000;
      // A number may be used again; not by one that started at the same time.
      const key = `${process.hostPid} ${process.startTicks}`;
      const before = this.#samples.get(key) ?? { cpuTicks: 0, atMs: startedMs };
      samples.set(key, { cpuTicks: process.cpuTicks, atMs: nowMs });
      const elapsedMs = nowMs - before.atMs;
      const usedMs = ((process.cpuTicks - before.cpuTicks) / ticksPerSecond) * 1000;
      return {
        pid: process.pids[depth] ?? 0,
        ppid: inside.get(process.hostParent) ?? 0,
        user: userOf(insideId(uidMap, process.uid), names),
        name: process.name,
        command: process.arguments.length === 0 ? `[${process.name}]` : process.arguments.join(' '),
        memoryBytes: process.residentPages * pageBytes,
        cpuPercent: elapsedMs > 0 ? (Math.max(0, usedMs) / elapsedMs) * 100 : null,
        startedAt: new Date(startedMs),
      };
    });
    this.#samples = samples;
    return list.sort((a, b) => a.pid - b.pid);
  }
}

/** Deep enough in pid namespaces and, where no control group says so, below init. */
function ownProcesses(
  found: readonly ProcessFigures[],
  init: ProcessFigures,
  grouped: boolean,
): ProcessFigures[] {
  const inside = found.filter(({ pids }) => pids.length >= init.pids.length);
  if (grouped) return inside;
  const family = new Set([init.hostPid]);
  // Children may be listed before their parents: numbers wrap around.
  for (let size = 0; family.size > size; ) {
    size = family.size;
    for (const { hostPid, hostParent } of inside) if (family.has(hostParent)) family.add(hostPid);
  }
  return inside.filter(({ hostPid }) => family.has(hostPid));
}

function userOf(id: number | undefined, names: ReadonlyMap<number, string>): string | null {
  return id === undefined ? null : (names.get(id) ?? String(id));
}
