import type { ContainerStats, Enforced, ProcessInfo } from 'containerv-api';
import type { GroupDirectories } from './cgroup/groups.js';
import type { Native } from './native.js';
import { OomWatch } from './oom-watch.js';
import { ProcessLister } from './processes/process-lister.js';
import { StatsReader } from './stats/stats-reader.js';

export interface VitalsSource {
  readonly id: string;
  readonly groups: GroupDirectories;
  readonly network: Enforced['network'];
  readonly createdAt: Date;
}

/** What can be seen of a container from outside: by its control groups and by procfs, whether it answers or not. */
export class Vitals {
  readonly oom: OomWatch;
  readonly #native: Native;
  readonly #source: VitalsSource;
  readonly #processes: ProcessLister;
  #stats: StatsReader | undefined;

  constructor(native: Native, source: VitalsSource, onOom: () => void) {
    this.#native = native;
    this.#source = source;
    this.#processes = new ProcessLister(native, source.id);
    this.oom = new OomWatch(native, source.groups, onOom);
  }

  get groups(): GroupDirectories {
    return this.#source.groups;
  }

  async processes(init: number): Promise<ProcessInfo[]> {
    return this.#processes.list(init, this.groups);
  }

  async stats(init: number | null): Promise<ContainerStats> {
    this.#stats ??= new StatsReader(this.#native, this.#source);
    const stats = await this.#stats.read(init);
    if (stats.activeProcesses !== null || init === null) return stats;
    // Without a control group that lists them they can still be counted.
    const list = await new ProcessLister(this.#native, this.#source.id).list(init, this.groups);
    return { ...stats, activeProcesses: list.length };
  }

  /** What was kept open; nothing more is asked of a container that has gone. */
  close(): void {
    this.#stats?.close();
    this.#stats = undefined;
    this.oom.close();
  }
}
