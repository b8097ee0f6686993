import type { Assembler, Register } from './assembler.js';
import { Frame, Helper, type Layout, lookUp, OWN_POLICY_BITS, type ProgramMaps } from './program-parts.js';

/** Files deeper in their file system have no rights at all: a program has to end. */
const MOST_PARENTS = 256;
const SB_NOUSER_BIT = 31;
/** MNT_NS_INTERNAL of fs/mount.h: -EINVAL as a pointer. */
const NAMESPACE_INTERNAL = -22;
const EVERY_RIGHT = 7;
/** What the kernel is told by the function that it calls in a loop. */
const GO_ON = 0;
const STOP = 1;

/** Where {@link upwards} begins in a program. */
export const WALK = 'upwards';

/**
 * Register 8: the rights that rules give the directory entry in register 6, which is in the mount at `Frame.mount`. Jumps
 * to `ignored` for what is in no file system that has names (pipes, sockets, memory files), and for files that the kernel
 * opens by mounts of its own, as an overlay does with its layers. Register 6, 8 and those of calls are used; register 7
 * is the container's entry.
 *
 * It goes up by the entries themselves, never by text, until the mount's root; what lies above that is the mount's, told
 * by its number. Where that way does not lead to the mount's root (somebody moved the directory out of what is mounted),
 * there are no rights.
 */
export function rightsAt(program: Assembler, layout: Layout, maps: ProgramMaps): void {
  const [none, done, without] = ['none', 'done', 'without'].map((name) => program.unique(name)) as [
    string,
    string,
    string,
  ];
  program.load(8, 1, 6, layout.superBlock).load(8, 1, 1, layout.superFlags);
  program.set('rsh', 1, SB_NOUSER_BIT).set('and', 1, 1).jumpIf(1, 'ne', 0, 'ignored');
  readOfMount(program, 8, layout.mountNamespace - layout.mountBase);
  program.jumpIf(0, 'ne', 0, none);
  program.load(8, 1, 10, Frame.read).jumpIf(1, 'eq', NAMESPACE_INTERNAL, 'ignored');
  program.load(8, 1, 10, Frame.mount).load(8, 1, 1, layout.mountRoot).store(8, 10, Frame.mountRoot, 1);

  program.load(8, 1, 7, 24).load(8, 2, 10, Frame.policy).jumpIf(2, 'ne', 0, without);
  program.set('or', 1, EVERY_RIGHT << OWN_POLICY_BITS);
  program.label(without).store(8, 10, Frame.rights, 1).store(8, 10, Frame.entry, 6);
  program.set('mov', 1, 0).store(8, 10, Frame.arrived, 1);
  // Called by the kernel, the way up is checked once; written as a loop, for each step that it may take.
  program
    .set('mov', 1, MOST_PARENTS)
    .functionAt(2, WALK)
    .setTo('mov', 3, 10)
    .set('mov', 4, 0)
    .call(Helper.loop);
  program.load(8, 1, 10, Frame.arrived).jumpIf(1, 'eq', 0, none);

  // 32 bits are read, and the rest of the key is to be 0.
  program.set('mov', 1, 0).store(8, 10, Frame.read, 1);
  readOfMount(program, 4, layout.mountId - layout.mountBase);
  program.jumpIf(0, 'ne', 0, none);
  program.load(8, 1, 10, Frame.read);
  addRights(program, maps.mounts, maps, 10);
  program.load(8, 8, 10, Frame.rights).jump(done);
  program.label(none).set('mov', 8, 0);
  program.label(done);
}

/** The function for one step of the way up: what the caller has in its frame, whose end is the second argument, goes on. */
export function upwards(program: Assembler, layout: Layout, maps: ProgramMaps): void {
  program.label(WALK).setTo('mov', 9, 2).load(8, 6, 9, Frame.entry);
  program.load(8, 2, 6, layout.inode).jumpIf(2, 'eq', 0, 'parent');
  program.map(1, maps.marks).set('mov', 3, 0).set('mov', 4, 0).call(Helper.inodeStorageGet);
  program.jumpIf(0, 'eq', 0, 'parent').load(8, 1, 0, 0);
  addRights(program, maps.rules, maps, 9);
  program.label('parent').load(8, 1, 9, Frame.mountRoot).jumpIfTo(6, 'eq', 1, 'arrived');
  program.load(8, 1, 6, layout.parent).jumpIfTo(1, 'eq', 6, 'astray').store(8, 9, Frame.entry, 1).exit(GO_ON);
  program.label('arrived').set('mov', 1, 1).store(8, 9, Frame.arrived, 1);
  program.label('astray').exit(STOP);
}

/** What `map` has for the group, and for the policy, and the part in register 1 is added to the rights. */
function addRights(program: Assembler, map: number, { policies }: ProgramMaps, frame: Register): void {
  const [second, end] = [program.unique('second'), program.unique('end')];
  program.store(8, frame, Frame.part, 1);
  if (policies !== undefined) program.store(8, frame, Frame.policyPart, 1);
  const add = (): void => {
    program
      .load(8, 1, 0, 0)
      .load(8, 2, frame, Frame.rights)
      .setTo('or', 2, 1)
      .store(8, frame, Frame.rights, 2);
  };
  lookUp(program, map, Frame.group, frame).jumpIf(0, 'eq', 0, second);
  add();
  program.label(second);
  if (policies === undefined) return;
  program.load(8, 1, frame, Frame.policy).jumpIf(1, 'eq', 0, end);
  lookUp(program, map, Frame.policy, frame).jumpIf(0, 'eq', 0, end);
  add();
  program.label(end);
}

/** Reads from the whole of the mount, of which the rest of the kernel sees a part; register 0 is 0 if that went well. */
function readOfMount(program: Assembler, size: 4 | 8, offset: number): void {
  program.setTo('mov', 1, 10).set('add', 1, Frame.read).set('mov', 2, size);
  program.load(8, 3, 10, Frame.mount).set('add', 3, offset).call(Helper.probeReadKernel);
}
