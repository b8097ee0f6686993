import type { Assembler } from './assembler.js';

/** Where members of the kernel's structures lie, in bytes from the start of each. */
export interface Layout {
  readonly execId: number;
  readonly fileMount: number;
  readonly fileDentry: number;
  readonly fileMode: number;
  readonly fileFlags: number;
  readonly pathMount: number;
  readonly pathDentry: number;
  readonly inode: number;
  readonly parent: number;
  readonly superBlock: number;
  readonly superFlags: number;
  readonly mountRoot: number;
  /** Of the part of a mount that the rest of the kernel sees. */
  readonly mountBase: number;
  readonly mountId: number;
  readonly mountNamespace: number;
}

/** Descriptors of the maps that programs read. */
export interface ProgramMaps {
  /** u64 control group → u64 execution id of its init, u64 allowed, u64 denied. */
  readonly containers: number;
  /** At an inode: u64 mark, by which rules name it. */
  readonly marks: number;
  /** u64 control group, u64 mark → u64 rights. */
  readonly rules: number;
  /** u64 control group, u64 mount → u64 rights of everything in the mount. */
  readonly mounts: number;
}

/** Calls that the kernel offers to programs (bpf-helpers(7)). */
export const Helper = {
  mapLookup: 1,
  probeReadKernel: 113,
  ancestorCgroupId: 123,
  inodeStorageGet: 145,
  currentTask: 158,
} as const;

/** What programs keep on the stack, as offsets from its end. A group and what follows it are the key of a map. */
export const Frame = {
  group: -24,
  part: -16,
  mountRoot: -32,
  mount: -40,
  read: -48,
  wanted: -56,
  context: -64,
  sourceRights: -72,
} as const;

/** Register 0: the value that `map` has for the key at `frame`, or 0. */
export function lookUp(program: Assembler, map: number, frame: number): Assembler {
  return program.map(1, map).setTo('mov', 2, 10).set('add', 2, frame).call(Helper.mapLookup);
}
