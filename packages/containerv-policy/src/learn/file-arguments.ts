/** How an argument names a file. */
export interface FileArgument {
  /**
   * - `target`: the file itself, through symbolic links. `entry`: a name that is made or removed in its directory.
   * - `descriptor`: an open file. `program`: executed, with its interpreter or loader. `socket`: `struct sockaddr`.
   */
  readonly kind: 'target' | 'entry' | 'descriptor' | 'program' | 'socket';
  /** Which arguments: the descriptor a relative path starts at, the path itself, the flags. */
  readonly directory?: number;
  readonly path: number;
  readonly flags?: number;
  /** The flags are in memory, the first field of `struct open_how`. */
  readonly flagsInMemory?: boolean;
  /** With one of these flags the last component is not followed. */
  readonly noFollow?: 'open' | 'at';
  /** Only where `argument & mask` is not 0. */
  readonly when?: { readonly index: number; readonly mask: number };
}

const target = (path: number): FileArgument => ({ kind: 'target', path });
const entry = (path: number): FileArgument => ({ kind: 'entry', path });
const entryAt = (directory: number): FileArgument => ({ kind: 'entry', directory, path: directory + 1 });
const descriptor = (path: number): FileArgument => ({ kind: 'descriptor', path });
const targetAt = (flags?: number): FileArgument => ({
  kind: 'target',
  directory: 0,
  path: 1,
  ...(flags === undefined ? {} : { flags, noFollow: 'at' }),
});

const PROT_EXEC = 4;

/** Calls that open files, or change names or attributes. Looking (`stat`, `access`, `readlink`) is confined by no policy. */
export const fileArguments: Readonly<Record<string, readonly FileArgument[]>> = {
  open: [{ kind: 'target', path: 0, flags: 1, noFollow: 'open' }],
  openat: [{ kind: 'target', directory: 0, path: 1, flags: 2, noFollow: 'open' }],
  openat2: [{ kind: 'target', directory: 0, path: 1, flags: 2, flagsInMemory: true, noFollow: 'open' }],
  creat: [target(0)],
  truncate: [target(0)],
  mkdir: [entry(0)],
  mkdirat: [entryAt(0)],
  mknod: [entry(0)],
  mknodat: [entryAt(0)],
  rmdir: [entry(0)],
  unlink: [entry(0)],
  unlinkat: [entryAt(0)],
  rename: [entry(0), entry(1)],
  renameat: [entryAt(0), entryAt(2)],
  renameat2: [entryAt(0), entryAt(2)],
  link: [entry(0), entry(1)],
  linkat: [entryAt(0), entryAt(2)],
  symlink: [entry(1)],
  symlinkat: [entryAt(1)],
  chmod: [target(0)],
  fchmod: [descriptor(0)],
  fchmodat: [targetAt()],
  fchmodat2: [targetAt(3)],
  chown: [target(0)],
  lchown: [entry(0)],
  fchown: [descriptor(0)],
  fchownat: [targetAt(4)],
  utime: [target(0)],
  utimes: [target(0)],
  futimesat: [targetAt()],
  utimensat: [targetAt(3)],
  setxattr: [target(0)],
  lsetxattr: [entry(0)],
  fsetxattr: [descriptor(0)],
  removexattr: [target(0)],
  lremovexattr: [entry(0)],
  fremovexattr: [descriptor(0)],
  execve: [{ kind: 'program', path: 0 }],
  execveat: [{ kind: 'program', directory: 0, path: 1 }],
  mmap: [{ kind: 'descriptor', path: 4, when: { index: 2, mask: PROT_EXEC } }],
  bind: [{ kind: 'socket', path: 1 }],
};

/** Names, for filters that have to hand these calls over. */
export const fileSyscalls: ReadonlySet<string> = new Set(Object.keys(fileArguments));
