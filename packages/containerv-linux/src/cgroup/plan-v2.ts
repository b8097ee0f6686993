import path from 'node:path';
import type { ResolvedLimits } from 'containerv-api';
import type { FileBatch } from '../file-batch.js';
import type { Cgroup, CgroupTasks } from './cgroup.js';
import { freezerOf, type GroupDirectories } from './groups.js';
import { handDownTexts } from './hand-down.js';
import type { CgroupHierarchies, UnifiedHierarchy } from './hierarchy.js';
import type { LimitFile } from './limit-file.js';
import { Plan } from './plan.js';

export const PARENT = 'containerv';
/** Counted also where no limit needs them. */
const COUNTING: readonly string[] = ['io'];

type Unified = CgroupHierarchies & { readonly v2: UnifiedHierarchy };

/** A hybrid host has its controllers in v1 and a v2 hierarchy without any. */
export function isUnified(hierarchies: CgroupHierarchies): hierarchies is Unified {
  const { v1, v2 } = hierarchies;
  return v2 !== undefined && !v1.has('memory') && v2.controllers.length > 0;
}

export class PlanV2 extends Plan {
  readonly unified = true;
  readonly tasks: readonly CgroupTasks[] = [];
  readonly directories: readonly string[];
  readonly groups: GroupDirectories;
  readonly #parent: string;
  readonly #directory: string;
  readonly #above: string;
  readonly #available: readonly string[];
  readonly #controllers: readonly string[];
  openStep = -1;

  constructor(id: string, limits: ResolvedLimits, files: readonly LimitFile[], { v2 }: Unified) {
    super(limits, files);
    this.#above = v2.parent;
    this.#available = v2.controllers;
    this.#parent = path.join(v2.parent, PARENT);
    this.#directory = path.join(this.#parent, id);
    this.groups = { unified: this.#directory, v1: {} };
    const freezer = freezerOf(this.groups);
    this.directories = [...(freezer === undefined ? [] : [freezer.directory]), this.#directory];
    this.#controllers = [...new Set([...files.map(({ controller }) => controller), ...COUNTING])].filter(
      (name) => v2.controllers.includes(name),
    );
  }

  addTo(batch: FileBatch): void {
    this.makeAbove(batch, this.#parent);
    for (const group of [this.#above, this.#parent]) {
      const file = path.join(group, 'cgroup.subtree_control');
      for (const text of handDownTexts(this.#controllers, this.#available))
        batch.add({ op: 'write', path: file, text, optional: true });
    }
    this.make(batch, this.#directory);
    this.addLimits(batch);
    this.openStep = batch.add({ op: 'open', path: this.#directory, optional: true });
  }

  protected describe(batch: FileBatch): Omit<Cgroup, 'limits'> {
    return { version: 'v2', deviceFilter: false, fd: batch.result(this.openStep).fd, tasks: [] };
  }
}
