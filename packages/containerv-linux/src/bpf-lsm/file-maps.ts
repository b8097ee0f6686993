import { randomBytes } from 'node:crypto';
import type { Native } from '../native.js';
import { BpfMap, type MapShape, MapType } from './bpf.js';

const MOST_CONTAINERS = 16_384;
const MOST_RULES = 65_536;
const EEXIST = 17;

const storage = (name: string, type: number): MapShape => ({
  name,
  type,
  keyBytes: 4,
  valueBytes: 8,
  maxEntries: 0,
});
const table = (name: string, keyBytes: number, valueBytes: number, maxEntries: number): MapShape => ({
  name,
  type: MapType.Hash,
  keyBytes,
  valueBytes,
  maxEntries,
});

type MapName = 'containers' | 'marks' | 'rules' | 'mounts' | 'devices' | 'policies';

/** What each holds is with `ProgramMaps`. */
const SHAPES: Readonly<Record<MapName, MapShape>> = {
  containers: table('cv_containers', 8, 32, MOST_CONTAINERS),
  marks: storage('cv_marks', MapType.InodeStorage),
  rules: table('cv_rules', 16, 8, MOST_RULES),
  mounts: table('cv_mounts', 16, 8, MOST_RULES),
  devices: table('cv_devices', 8, 8, MOST_RULES),
  policies: storage('cv_policies', MapType.TaskStorage),
};

/** By which another program of the same user opens the maps; 0: there is no such map. */
export type MapIds = Readonly<Record<MapName, number>>;

/** The maps that programs for file rules go by. They are there for as long as one of these, or a program, has them open. */
export class FileMaps {
  readonly containers: BpfMap;
  readonly marks: BpfMap;
  readonly rules: BpfMap;
  readonly mounts: BpfMap;
  readonly devices: BpfMap;
  /** `undefined`: the kernel cannot keep policies of processes. */
  readonly policies: BpfMap | undefined;
  readonly #opened: BpfMap[] = [];

  private constructor(open: (name: MapName) => BpfMap, keepsOwnPolicies: boolean) {
    const opened = (name: MapName): BpfMap => {
      const map = open(name);
      this.#opened.push(map);
      return map;
    };
    try {
      this.containers = opened('containers');
      this.marks = opened('marks');
      this.rules = opened('rules');
      this.mounts = opened('mounts');
      this.devices = opened('devices');
      this.policies = keepsOwnPolicies ? opened('policies') : undefined;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @param keepsOwnPolicies whether programs can tell that a process has a policy of its own */
  static make(native: Native, keepsOwnPolicies: boolean): FileMaps {
    return new FileMaps((name) => BpfMap.make(native, SHAPES[name]), keepsOwnPolicies);
  }

  static byIds(native: Native, ids: MapIds): FileMaps {
    return new FileMaps((name) => BpfMap.byId(native, ids[name], SHAPES[name]), ids.policies !== 0);
  }

  ids(): MapIds {
    const { containers, marks, rules, mounts, devices, policies } = this;
    return {
      containers: containers.id(),
      marks: marks.id(),
      rules: rules.id(),
      mounts: mounts.id(),
      devices: devices.id(),
      policies: policies?.id() ?? 0,
    };
  }

  /** What rules call the file behind a descriptor: the mark at its inode, which is gone when the kernel forgets that. */
  markOf(fd: number): bigint {
    const key = Buffer.alloc(4);
    key.writeInt32LE(fd);
    const known = this.marks.get(key);
    if (known !== undefined) return known.readBigUInt64LE();
    // Not counted: several programs may be making marks.
    const mark = randomBytes(8);
    try {
      this.marks.set(key, mark, { mustBeNew: true });
    } catch (error) {
      if (!(error instanceof Error) || (error as NodeJS.ErrnoException).errno !== -EEXIST) throw error;
      return this.markOf(fd);
    }
    return mark.readBigUInt64LE();
  }

  close(): void {
    for (const map of this.#opened.splice(0)) map.close();
  }
}
