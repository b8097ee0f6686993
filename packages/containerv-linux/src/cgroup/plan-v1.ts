import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ResolvedLimits } from 'containerv-api';
import { DeviceController } from '../devices/device-controller.js';
import type { DeviceRule } from '../devices/device-rules.js';
import type { FileBatch } from '../file-batch.js';
import type { Cgroup, CgroupTasks } from './cgroup.js';
import type { GroupDirectories } from './groups.js';
import type { CgroupHierarchies } from './hierarchy.js';
import type { LimitFile } from './limit-file.js';
import { Plan } from './plan.js';
import { PARENT } from './plan-v2.js';

/** Hierarchies that count what a container uses, besides those that limit it. */
const COUNTING: readonly string[] = ['cpuacct', 'blkio'];
/** Hierarchies that a container may enter while it lives. */
const LATER: readonly string[] = ['cpuset', 'hugetlb'];

export class PlanV1 extends Plan {
  readonly unified = false;
  readonly openStep = -1;
  readonly directories: readonly string[];
  readonly groups: GroupDirectories;
  /** Controllers that are mounted together share one. */
  readonly #entered: readonly string[];
  readonly #hybrid: boolean;
  readonly #devices: DeviceController | undefined;

  constructor(
    id: string,
    limits: ResolvedLimits,
    files: readonly LimitFile[],
    { v1, v2 }: CgroupHierarchies,
    devices: readonly DeviceRule[] | undefined,
  ) {
    super(limits, files);
    this.#hybrid = v2 !== undefined;
    const ours = (controllers: readonly string[]): Map<string, string> =>
      new Map(
        controllers.flatMap((controller) => {
          const own = v1.get(controller);
          // Below our own group: a limit on us holds for what we start.
          return own === undefined ? [] : [[controller, path.join(own, PARENT, id)]];
        }),
      );
    const filtering = devices === undefined ? [] : ['devices'];
    const entered = ours([...files.map(({ controller }) => controller), ...COUNTING, ...filtering]);
    this.#entered = [...new Set(entered.values())];
    const filtered = entered.get('devices');
    if (filtered !== undefined && devices !== undefined)
      this.#devices = new DeviceController(filtered, devices);
    const [freezer] = ours(['freezer']).values();
    const paused =
      freezer === undefined
        ? {}
        : { freezer: this.#entered.includes(freezer) ? `${freezer}/paused` : freezer };
    this.groups = { unified: null, v1: { ...Object.fromEntries([...ours(LATER), ...entered]), ...paused } };
    const directories = [...new Set(Object.values(this.groups.v1))];
    this.directories = directories.sort((a, b) => b.split('/').length - a.split('/').length);
  }

  addTo(batch: FileBatch): void {
    for (const directory of this.#entered) {
      this.makeAbove(batch, path.dirname(directory));
      this.make(batch, directory);
    }
    const { cpuset } = this.groups.v1;
    if (cpuset !== undefined && this.#entered.includes(cpuset)) inheritCpuset(batch, cpuset);
    this.#devices?.addTo(batch);
    this.addLimits(batch);
  }

  get tasks(): readonly CgroupTasks[] {
    return this.#entered.map((directory) => ({
      path: `${directory}/tasks`,
      step: this.madeBy(directory),
    }));
  }

  protected describe(batch: FileBatch): Omit<Cgroup, 'limits'> {
    const tasks = this.tasks.filter(({ step }) => batch.result(step).done).map((entry) => entry.path);
    const filter = this.#devices;
    const entered = filter !== undefined && batch.result(this.madeBy(filter.directory)).done;
    const deviceFilter = entered && filter.holds(batch) ? 'v1' : false;
    return { version: this.#hybrid ? 'hybrid' : 'v1', deviceFilter, fd: -1, tasks };
  }
}

/** A new v1 cpuset is empty and takes no process until it has processors and memory nodes (cpusets.rst). */
export function inheritCpuset(batch: FileBatch, directory: string): void {
  const parent = path.dirname(directory);
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const text = readFileSync(path.join(path.dirname(parent), file), 'utf8');
    for (const group of [parent, directory])
      batch.add({ op: 'write', path: path.join(group, file), text, optional: true });
  }
}
