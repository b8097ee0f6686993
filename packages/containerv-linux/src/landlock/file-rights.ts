/**
 * Access rights to files, LANDLOCK_ACCESS_FS_* of linux/landlock.h: the bit, the Landlock ABI that brought it, and which
 * part of a policy's access gives it. `never`: no policy does.
 */
const RIGHTS: readonly {
  readonly name: string;
  readonly bit: number;
  readonly abi: number;
  readonly by: 'read' | 'write' | 'execute' | 'never';
}[] = [
  { name: 'EXECUTE', bit: 0, abi: 1, by: 'execute' },
  { name: 'WRITE_FILE', bit: 1, abi: 1, by: 'write' },
  { name: 'READ_FILE', bit: 2, abi: 1, by: 'read' },
  { name: 'READ_DIR', bit: 3, abi: 1, by: 'read' },
  { name: 'REMOVE_DIR', bit: 4, abi: 1, by: 'write' },
  { name: 'REMOVE_FILE', bit: 5, abi: 1, by: 'write' },
  // A device node gives access to hardware, whatever directory it lies in.
  { name: 'MAKE_CHAR', bit: 6, abi: 1, by: 'never' },
  { name: 'MAKE_DIR', bit: 7, abi: 1, by: 'write' },
  { name: 'MAKE_REG', bit: 8, abi: 1, by: 'write' },
  { name: 'MAKE_SOCK', bit: 9, abi: 1, by: 'write' },
  { name: 'MAKE_FIFO', bit: 10, abi: 1, by: 'write' },
  { name: 'MAKE_BLOCK', bit: 11, abi: 1, by: 'never' },
  { name: 'MAKE_SYM', bit: 12, abi: 1, by: 'write' },
  // Without it nothing moves from one directory to another: ABI 1 always refuses that.
  { name: 'REFER', bit: 13, abi: 2, by: 'write' },
  { name: 'TRUNCATE', bit: 14, abi: 3, by: 'write' },
  // A device is told what to do by it.
  { name: 'IOCTL_DEV', bit: 15, abi: 5, by: 'write' },
  // Connecting takes write permission on the socket's file in the kernel's own rules, too (unix(7)).
  { name: 'RESOLVE_UNIX', bit: 16, abi: 9, by: 'write' },
];

const ACCESS_BITS = { read: 1, write: 2, execute: 4, never: 0 } as const;

/** From this ABI on no file that may not be written can be emptied either. */
export const WRITES_COMPLETE_ABI = 3;

/** What a ruleset denies unless a rule allows it: everything that the kernel knows. */
export function handledRights(abi: number): bigint {
  return sum(RIGHTS.filter((right) => right.abi <= abi));
}

/** What a policy's access (a set of `FsAccess` bits) allows, as far as the kernel knows it. */
export function rightsOf(access: number, abi: number): bigint {
  return sum(RIGHTS.filter((right) => right.abi <= abi && (access & ACCESS_BITS[right.by]) !== 0));
}

/** For people: `READ_FILE`, `READ_DIR`. */
export function rightNames(rights: bigint): string[] {
  return RIGHTS.filter(({ bit }) => (rights >> BigInt(bit)) & 1n).map(({ name }) => name);
}

function sum(rights: readonly { readonly bit: number }[]): bigint {
  return rights.reduce((total, { bit }) => total | (1n << BigInt(bit)), 0n);
}
