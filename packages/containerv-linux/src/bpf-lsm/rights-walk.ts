import type { Assembler } from './assembler.js';
import { Frame, Helper, type Layout, lookUp, type ProgramMaps } from './program-parts.js';

/** Files deeper in their file system have no rights at all: a program has to end. */
const MOST_PARENTS = 256;
const SB_NOUSER_BIT = 31;
/** MNT_NS_INTERNAL of fs/mount.h: -EINVAL as a pointer. */
const NAMESPACE_INTERNAL = -22;

/**
 * Register 8: the rights that rules give the directory entry in register 6, which is in the mount at `Frame.mount`. Jumps
 * to `ignored` for what is in no file system that has names (pipes, sockets, memory files), and for files that the kernel
 * opens by mounts of its own, as an overlay does with its layers. Register 6, 8, 9 and those of calls are used.
 *
 * It goes up by the entries themselves, never by text, until the mount's root; what lies above that is the mount's, told
 * by its number. Where that way does not lead to the mount's root (somebody moved the directory out of what is mounted),
 * there are no rights.
 */
export function rightsAt(program: Assembler, layout: Layout, maps: ProgramMaps): void {
  const [loop, parent, root, none, done] = ['loop', 'parent', 'root', 'none', 'done'].map((name) =>
    program.unique(name),
  ) as [string, string, string, string, string];
  program.load(8, 1, 6, layout.superBlock).load(8, 1, 1, layout.superFlags);
  program.set('rsh', 1, SB_NOUSER_BIT).set('and', 1, 1).jumpIf(1, 'ne', 0, 'ignored');
  readOfMount(program, 8, layout.mountNamespace - layout.mountBase);
  program.jumpIf(0, 'ne', 0, none);
  program.load(8, 1, 10, Frame.read).jumpIf(1, 'eq', NAMESPACE_INTERNAL, 'ignored');
  program.load(8, 1, 10, Frame.mount).load(8, 1, 1, layout.mountRoot).store(8, 10, Frame.mountRoot, 1);
  program.set('mov', 8, 0).set('mov', 9, 0);

  program.label(loop);
  program.load(8, 2, 6, layout.inode).jumpIf(2, 'eq', 0, parent);
  program.map(1, maps.marks).set('mov', 3, 0).set('mov', 4, 0).call(Helper.inodeStorageGet);
  program.jumpIf(0, 'eq', 0, parent);
  program.load(8, 1, 0, 0).store(8, 10, Frame.part, 1);
  addRights(program, maps.rules);
  program.label(parent);
  program.load(8, 1, 10, Frame.mountRoot).jumpIfTo(6, 'eq', 1, root);
  program.load(8, 1, 6, layout.parent).jumpIfTo(1, 'eq', 6, none);
  program.setTo('mov', 6, 1).set('add', 9, 1).jumpIf(9, 'lt', MOST_PARENTS, loop);
  program.jump(none);

  program.label(root);
  // 32 bits are read, and the rest of the key is to be 0.
  program.set('mov', 1, 0).store(8, 10, Frame.read, 1);
  readOfMount(program, 4, layout.mountId - layout.mountBase);
  program.jumpIf(0, 'ne', 0, none);
  program.load(8, 1, 10, Frame.read).store(8, 10, Frame.part, 1);
  addRights(program, maps.mounts);
  program.jump(done);
  program.label(none).set('mov', 8, 0);
  program.label(done);
}

/** Register 8 |= what `map` has for the group and the part. */
function addRights(program: Assembler, map: number): void {
  const without = program.unique('without');
  lookUp(program, map, Frame.group).jumpIf(0, 'eq', 0, without);
  program.load(8, 1, 0, 0).setTo('or', 8, 1);
  program.label(without);
}

/** Reads from the whole of the mount, of which the rest of the kernel sees a part; register 0 is 0 if that went well. */
function readOfMount(program: Assembler, size: 4 | 8, offset: number): void {
  program.setTo('mov', 1, 10).set('add', 1, Frame.read).set('mov', 2, size);
  program.load(8, 3, 10, Frame.mount).set('add', 3, offset).call(Helper.probeReadKernel);
}
