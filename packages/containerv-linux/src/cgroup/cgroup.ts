import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Enforced, LimitName, ResolvedLimits } from 'containerv-api';
import type { DeviceRule } from '../devices/device-rules.js';
import type { FileBatch } from '../file-batch.js';
import type { GroupDirectories } from './groups.js';
import { type CgroupHierarchies, readHierarchies } from './hierarchy.js';
import { limitFilesV1 } from './limit-files-v1.js';
import { limitFilesV2 } from './limit-files-v2.js';
import { isUnified, PlanV2 } from './plan-v2.js';
import { PlanV1 } from './plan-v1.js';

/** The control groups of one container. */
export interface Cgroup {
  readonly version: Enforced['cgroup'];
  /** Which limits the kernel holds, read back. */
  readonly limits: Readonly<Partial<Record<LimitName, boolean>>>;
  readonly deviceFilter: Enforced['deviceFilter'];
  /** v2: the open directory, or -1. */
  readonly fd: number;
  /** v1: the files that init enters its groups by, those that were made. */
  readonly tasks: readonly string[];
}

export interface CgroupTasks {
  readonly path: string;
  /** Not made, not entered; -1: made before. */
  readonly step: number;
}

/** What is to be made and written for a container's limits, to be run as part of a batch. */
export interface CgroupPlan {
  /** Every directory that may be made, known before it is, for whoever has to clean up; inner ones first. */
  readonly directories: readonly string[];
  readonly groups: GroupDirectories;
  readonly unified: boolean;
  addTo(batch: FileBatch): void;
  /** v1: `tasks` files that init enters by, each with the step that made its group. */
  readonly tasks: readonly CgroupTasks[];
  /** v2: the step that opens the directory for init to be born in; otherwise -1. */
  readonly openStep: number;
  /**
   * What came of it. The device filter of v2 is not a file, and set afterwards.
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when a limit that the caller asked for is not held; defaults
   * that are not are told in `limits`.
   */
  outcome(batch: FileBatch): Cgroup;
}

// Mounts and our own place in them do not change under a running program in practice; reading them costs more than
// making a group.
let cached: CgroupHierarchies | undefined;

function hierarchiesOfHost(): CgroupHierarchies {
  cached ??= readHierarchies();
  return cached;
}

/** Whether limits are held by cgroup v2, which a process is born into. */
export function isUnifiedHost(): boolean {
  return isUnified(hierarchiesOfHost());
}

/** How many groups are above one of the v2 hierarchy, as far as its mount shows them. */
export function unifiedLevel(directory: string): number {
  const { v2 } = hierarchiesOfHost();
  return v2 === undefined ? 0 : path.relative(v2.mount, directory).split(path.sep).length;
}

/** @param devices what may be done with devices; `undefined`: this user cannot limit that */
export function planCgroup(
  id: string,
  limits: ResolvedLimits,
  devices: readonly DeviceRule[] | undefined,
  hierarchies: CgroupHierarchies = hierarchiesOfHost(),
): CgroupPlan {
  const cpus = availableParallelism();
  return isUnified(hierarchies)
    ? new PlanV2(id, limits, limitFilesV2(limits, cpus), hierarchies)
    : new PlanV1(id, limits, limitFilesV1(limits, cpus), hierarchies, devices);
}
