import { Assembler, type Register } from './assembler.js';
import type { KernelTypes } from './kernel-types.js';
import { commandDevice, forgetFile, noteDevice } from './device-commands.js';
import { inheritPolicy, refuseTracing } from './own-policies.js';
import {
  byBoth,
  Frame,
  Helper,
  type Layout,
  lookUp,
  OWN_POLICY_BITS,
  ownPolicy,
  type ProgramMaps,
} from './program-parts.js';
import { rightsAt, upwards, WALK } from './rights-walk.js';

/** Everything that a program is made for: this kernel, the maps, and where containers are among the control groups. */
export interface Surroundings {
  readonly types: KernelTypes;
  readonly layout: Layout;
  readonly maps: ProgramMaps;
  /** How many groups there are above a container's own; the topmost is at 0. */
  readonly cgroupLevel: number;
}

/** FsAccess, which are FMODE_READ and FMODE_WRITE of linux/fs.h too. */
const READ = 1;
const WRITE = 2;
const EXECUTE = 4;
const EPERM = 1;
const EACCES = 13;
const EXDEV = 18;

/** fcntl.h of x86-64 and arm64, and the kernel's own mark of a file that is opened to be executed. */
const O_TRUNC = 0x200;
const FMODE_EXEC = 0x20;
const RENAME_EXCHANGE = 2;
const S_IFMT = 0xf000;
const S_IFCHR = 0x2000;
const S_IFBLK = 0x6000;

type Body = (program: Assembler, surroundings: Surroundings) => void;

/**
 * By hook. Rights are those that Landlock would ask for (security/landlock/fs.c), so that one list of rules means one
 * thing; what Landlock denies to whoever is confined, changes to mounts, is denied here too.
 */
const BODIES: Readonly<Record<string, Body>> = {
  file_open: openFile,
  path_truncate: writeAtFirst,
  path_unlink: writeAtFirst,
  path_rmdir: writeAtFirst,
  path_mkdir: writeAtFirst,
  path_symlink: writeAtFirst,
  path_mknod: makeNode,
  path_link: linkFile,
  path_rename: renameFile,
  sb_mount: refuseChange,
  sb_umount: refuseChange,
  sb_remount: refuseChange,
  move_mount: refuseChange,
  sb_pivotroot: refuseChange,
  file_ioctl: commandFile,
  file_ioctl_compat: commandFile,
  file_free_security: (program, { maps }) => forgetFile(program, maps),
  ptrace_access_check: (program, { maps }) => refuseTracing(program, maps),
  task_alloc: (program, { maps }) => inheritPolicy(program, maps),
};

/** Of these, programs are not about who calls. */
const FOR_ALL: ReadonlySet<string> = new Set(['file_free_security', 'task_alloc']);
/** Before Linux 6.8, `file_ioctl` is called for programs of 32 bits as well. */
const OPTIONAL: ReadonlySet<string> = new Set(['file_ioctl_compat']);
const FOR_OWN_POLICIES: ReadonlySet<string> = new Set(['ptrace_access_check', 'task_alloc']);

export const HOOKS: readonly string[] = Object.keys(BODIES);

/** Hooks that there are programs for on this kernel. */
export function hooksOf(types: KernelTypes): string[] {
  const own = keepsOwnPolicies(types);
  return HOOKS.filter(
    (hook) =>
      (own || !FOR_OWN_POLICIES.has(hook)) && (!OPTIONAL.has(hook) || types.hookId(hook) !== undefined),
  );
}

/**
 * Whether programs can tell that a process has a policy of its own. Before Linux 6.2, which brought this function, they
 * may be told that there is none because somebody else is being looked up on the same processor.
 */
export function keepsOwnPolicies(types: KernelTypes): boolean {
  return types.hasFunction('bpf_task_storage_get_recur');
}

/** Members of structures that programs read, and what they are called here. */
const MEMBERS = {
  execId: ['task_struct', 'self_exec_id'],
  fileMount: ['file', 'f_path', 'mnt'],
  fileDentry: ['file', 'f_path', 'dentry'],
  fileMode: ['file', 'f_mode'],
  fileFlags: ['file', 'f_flags'],
  fileInode: ['file', 'f_inode'],
  inodeMode: ['inode', 'i_mode'],
  pathMount: ['path', 'mnt'],
  pathDentry: ['path', 'dentry'],
  inode: ['dentry', 'd_inode'],
  parent: ['dentry', 'd_parent'],
  superBlock: ['dentry', 'd_sb'],
  superFlags: ['super_block', 's_flags'],
  mountRoot: ['vfsmount', 'mnt_root'],
  mountBase: ['mount', 'mnt'],
  mountId: ['mount', 'mnt_id'],
  mountNamespace: ['mount', 'mnt_ns'],
} as const satisfies Record<keyof Layout, readonly [string, ...string[]]>;

export function missingHooks(types: KernelTypes): string[] {
  const missing = hooksOf(types).filter((hook) => types.hookId(hook) === undefined);
  return [
    ...missing.map((hook) => `the hook ${hook}`),
    ...(types.hasFunction('bpf_loop') ? [] : ['the helper bpf_loop (Linux 5.17)']),
  ];
}

export function missingMembers(types: KernelTypes): string[] {
  return Object.values(MEMBERS).flatMap(([structure, ...path]) =>
    types.offsetOf(structure, ...path) === undefined ? [`${structure}.${path.join('.')}`] : [],
  );
}

/** @throws RangeError for a kernel without one of the members */
export function layoutOf(types: KernelTypes): Layout {
  const entries = Object.entries(MEMBERS).map(([name, [structure, ...path]]) => {
    const offset = types.offsetOf(structure, ...path);
    if (offset === undefined) throw new RangeError(`No ${structure}.${path.join('.')} in this kernel`);
    return [name, offset] as const;
  });
  return Object.fromEntries(entries) as Record<keyof Layout, number>;
}

export interface HookProgram {
  readonly instructions: Buffer;
  /** Where a function begins that the kernel is to call; `undefined`: there is none. */
  readonly functionAt: number | undefined;
}

/** The program for one hook. */
export function programFor(hook: string, surroundings: Surroundings): HookProgram {
  const program = new Assembler();
  const body = BODIES[hook];
  if (body === undefined) throw new RangeError(`No program for ${hook}`);
  if (!FOR_ALL.has(hook)) findContainer(program, surroundings, hook);
  body(program, surroundings);
  if (program.isTarget('allowed')) program.label('allowed').set('mov', 1, 1).atomicAdd(7, 8, 1);
  program.label('ignored').exit(0);
  refusal(program, 'denied', EACCES);
  refusal(program, 'forbidden', EPERM);
  refusal(program, 'elsewhere', EXDEV);
  if (program.isTarget(WALK)) upwards(program, surroundings.layout, surroundings.maps);
  return { instructions: program.assemble(), functionAt: program.positionOf(WALK) };
}

function refusal(program: Assembler, label: string, errno: number): void {
  if (program.isTarget(label)) program.label(label).set('mov', 1, 1).atomicAdd(7, 16, 1).exit(-errno);
}

/**
 * Leaves programs of no container alone. Otherwise register 6 is what the hook was called with, which is kept at
 * `Frame.context` too, and register 7 the container's entry.
 *
 * A container's init, and what it forks without executing anything, has the execution id that init has: those are ours,
 * and copy files where no rule lets the container's processes. Whatever was executed has another one, for good. The first
 * who is seen is init, as nobody else is in the group before it says that it is ready. A file that is opened to be
 * executed is judged in any case: it belongs to what is about to be.
 */
function findContainer(program: Assembler, { layout, maps, cgroupLevel }: Surroundings, hook: string): void {
  program.setTo('mov', 6, 1).store(8, 10, Frame.context, 6);
  program.set('mov', 1, cgroupLevel).call(Helper.ancestorCgroupId).store(8, 10, Frame.group, 0);
  lookUp(program, maps.containers, Frame.group).jumpIf(0, 'eq', 0, 'ignored').setTo('mov', 7, 0);
  program.call(Helper.currentTask).setTo('mov', 9, 0).load(8, 8, 9, layout.execId);
  program.load(8, 1, 7, 0).jumpIf(1, 'ne', 0, 'known');
  program.store(8, 7, 0, 8).setTo('mov', 1, 8);
  program.label('known').jumpIfTo(1, 'ne', 8, 'confined');
  if (hook === 'file_open') {
    program.load(8, 1, 6, 0).load(4, 2, 1, layout.fileFlags).set('and', 2, FMODE_EXEC);
    program.jumpIf(2, 'eq', 0, 'ignored');
  } else {
    program.jump('ignored');
  }
  program.label('confined').set('mov', 1, 0).store(8, 10, Frame.policy, 1);
  if (maps.policies !== undefined) {
    ownPolicy(program, maps.policies, 9).jumpIf(0, 'eq', 0, 'common');
    program.load(8, 1, 0, 0).store(8, 10, Frame.policy, 1).jump('judged').label('common');
  }
  // Where the container's own policy denies no file, it is those of processes alone that do.
  program.load(8, 1, 7, 24).jumpIf(1, 'ne', 0, 'ignored');
  if (maps.policies !== undefined) program.label('judged');
}

function openFile(program: Assembler, { layout, maps }: Surroundings): void {
  program.load(8, 1, 6, argument(0));
  program.load(4, 2, 1, layout.fileMode).set('and', 2, READ | WRITE);
  program.load(4, 3, 1, layout.fileFlags);
  for (const [flag, right] of [
    [FMODE_EXEC, EXECUTE],
    [O_TRUNC, WRITE],
  ] as const) {
    program
      .setTo('mov', 4, 3)
      .set('and', 4, flag)
      .set('rsh', 4, Math.log2(flag / right))
      .setTo('or', 2, 4);
  }
  // Neither to read nor to write: to give commands to what is behind it (open(2), access mode 3).
  program.jumpIf(2, 'ne', 0, 'wanted').set('mov', 2, READ | WRITE);
  program.label('wanted').store(8, 10, Frame.wanted, 2);
  program.load(8, 2, 1, layout.fileMount).store(8, 10, Frame.mount, 2);
  program.load(8, 6, 1, layout.fileDentry);
  rightsAt(program, layout, maps);
  expectWanted(program);
  noteDevice(program, layout, maps);
}

/** Truncates the file that the first argument is the path of, or makes or removes something in that directory. */
function writeAtFirst(program: Assembler, surroundings: Surroundings): void {
  program.load(8, 1, 6, argument(0));
  takePath(program, surroundings.layout, 1);
  program.set('mov', 1, WRITE).store(8, 10, Frame.wanted, 1);
  rightsAt(program, surroundings.layout, surroundings.maps);
  expectWanted(program);
  program.jump('allowed');
}

function makeNode(program: Assembler, surroundings: Surroundings): void {
  // A device gives access to hardware, whatever directory it lies in.
  program.load(8, 1, 6, argument(2)).set('and', 1, S_IFMT);
  program.jumpIf(1, 'eq', S_IFCHR, 'denied').jumpIf(1, 'eq', S_IFBLK, 'denied');
  writeAtFirst(program, surroundings);
}

/** (old entry, new directory, new entry) */
function linkFile(program: Assembler, surroundings: Surroundings): void {
  const { layout } = surroundings;
  program.load(8, 1, 6, argument(1));
  program.load(8, 2, 1, layout.pathMount).store(8, 10, Frame.mount, 2);
  program.load(8, 6, 6, argument(0)).load(8, 6, 6, layout.parent);
  move(program, surroundings, 1);
  program.jump('allowed');
}

/** (old directory, old entry, new directory, new entry, and from Linux 5.19 on flags) */
function renameFile(program: Assembler, surroundings: Surroundings): void {
  const { layout, types } = surroundings;
  program.load(8, 1, 6, argument(0));
  takePath(program, layout, 1);
  move(program, surroundings, 2);
  // Before, the hook was called for each direction of an exchange.
  if (types.hookArguments('path_rename') < 5) {
    program.jump('allowed');
    return;
  }
  program.load(8, 6, 10, Frame.context).load(8, 1, 6, argument(4)).set('and', 1, RENAME_EXCHANGE);
  program.jumpIf(1, 'eq', 0, 'allowed');
  program.load(8, 1, 10, Frame.sourceRights).set('xor', 8, -1).setTo('and', 1, 8);
  program.jumpIf(1, 'ne', 0, 'elsewhere').jump('allowed');
}

/**
 * From the directory in register 6 into that of the path that argument `target` is. Both have to be writable, and no
 * file may have more rights in the new place than it had in the old. Goes on, with the rights of the new in register 8.
 */
function move(program: Assembler, surroundings: Surroundings, target: number): void {
  const { layout, maps } = surroundings;
  rightsAt(program, layout, maps);
  program.store(8, 10, Frame.sourceRights, 8);
  program.load(8, 6, 10, Frame.context).load(8, 1, 6, argument(target));
  takePath(program, layout, 1);
  rightsAt(program, layout, maps);
  program.load(8, 2, 10, Frame.sourceRights);
  program.setTo('mov', 1, 8).setTo('and', 1, 2).set('and', 1, byBoth(WRITE));
  program.jumpIf(1, 'ne', byBoth(WRITE), 'denied');
  program.set('xor', 2, -1).setTo('and', 2, 8).jumpIf(2, 'ne', 0, 'elsewhere');
}

function refuseChange(program: Assembler): void {
  program.jump('forbidden');
}

/** Where to find an argument of a hook. */
function argument(index: number): number {
  return 8 * index;
}

/** From the `struct path` in `register` on: the mount to its place, the entry into register 6. */
function takePath(program: Assembler, layout: Layout, register: Register): void {
  program.load(8, 2, register, layout.pathMount).store(8, 10, Frame.mount, 2);
  program.load(8, 6, register, layout.pathDentry);
}

/** Whether the rights in register 8 are all that is wanted, of both policies. */
function expectWanted(program: Assembler): void {
  program.load(8, 1, 10, Frame.wanted).setTo('mov', 2, 1).set('lsh', 2, OWN_POLICY_BITS).setTo('or', 1, 2);
  program.setTo('mov', 2, 8).setTo('and', 2, 1).jumpIfTo(2, 'ne', 1, 'denied');
}

function commandFile(program: Assembler, { maps }: Surroundings): void {
  commandDevice(program, maps);
}
