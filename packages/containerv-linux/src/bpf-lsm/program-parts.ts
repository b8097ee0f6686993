import type { Assembler, Register } from './assembler.js';

/** Where members of the kernel's structures lie, in bytes from the start of each. */
export interface Layout {
  readonly execId: number;
  readonly fileMount: number;
  readonly fileDentry: number;
  readonly fileMode: number;
  readonly fileFlags: number;
  readonly fileInode: number;
  readonly inodeMode: number;
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
  /**
   * u64 control group → u64 execution id of its init, u64 allowed, u64 denied, u64 rights that its processes have to
   * everything: all of them in a container whose policy denies no file. Programs look at no other entries; those of
   * processes' own policies are there for who makes rules: u64 policy → u64 control group.
   */
  readonly containers: number;
  /** At an inode: u64 mark, by which rules name it. */
  readonly marks: number;
  /** u64 control group or policy, u64 mark → u64 rights, those of a policy in the second byte. */
  readonly rules: number;
  /** u64 control group or policy, u64 mount → u64 rights of everything in the mount. */
  readonly mounts: number;
  /** u64 `struct file` → a device that was opened without the right to give it commands. */
  readonly devices: number;
  /** At a task: u64 policy of its own; `undefined`: this kernel cannot keep one. */
  readonly policies: number | undefined;
}

/** Of a container's policy in the first byte, of a process's own in the second: what either denies is denied. */
export const OWN_POLICY_BITS = 8;

/** A right that both have to give. */
export function byBoth(right: number): number {
  return right | (right << OWN_POLICY_BITS);
}

/** Calls that the kernel offers to programs (bpf-helpers(7)). */
export const Helper = {
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  probeReadKernel: 113,
  ancestorCgroupId: 123,
  inodeStorageGet: 145,
  taskStorageGet: 156,
  currentTask: 158,
  loop: 181,
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
  entry: -80,
  /** The same for a process's own policy. */
  policy: -96,
  policyPart: -88,
  arrived: -104,
  rights: -112,
  file: -120,
} as const;

/** Register 0: the value that `map` has for the key at `frame`, or 0. `base`: the register that says where the frame is. */
export function lookUp(program: Assembler, map: number, frame: number, base: Register = 10): Assembler {
  return program.map(1, map).setTo('mov', 2, base).set('add', 2, frame).call(Helper.mapLookup);
}

/** Register 0: where the policy that the task in `task` has of its own is kept, or 0. */
export function ownPolicy(program: Assembler, policies: number, task: Register): Assembler {
  return program
    .setTo('mov', 2, task)
    .map(1, policies)
    .set('mov', 3, 0)
    .set('mov', 4, 0)
    .call(Helper.taskStorageGet);
}
