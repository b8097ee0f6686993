/** Values of the kernel's ABI that the base policies compare arguments with; equal on x86-64 and arm64. */

/** Arguments declared `int` or `unsigned int`: the kernel ignores the upper half, so a condition must too. */
export const int32 = 0xffffffff;

/** linux/sched.h */
export const cloneFlags = {
  CLONE_VM: 0x00000100,
  CLONE_SIGHAND: 0x00000800,
  CLONE_THREAD: 0x00010000,
  CLONE_NEWNS: 0x00020000,
  CLONE_NEWCGROUP: 0x02000000,
  CLONE_NEWUTS: 0x04000000,
  CLONE_NEWIPC: 0x08000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
} as const;

/** Every namespace that clone can make. (CLONE_NEWTIME shares its bit with the exit signal: clone cannot ask for it.) */
export const newNamespaces: number =
  cloneFlags.CLONE_NEWNS |
  cloneFlags.CLONE_NEWCGROUP |
  cloneFlags.CLONE_NEWUTS |
  cloneFlags.CLONE_NEWIPC |
  cloneFlags.CLONE_NEWUSER |
  cloneFlags.CLONE_NEWPID |
  cloneFlags.CLONE_NEWNET;

/** linux/socket.h */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export type InternetFamily = typeof AF_INET | typeof AF_INET6;

/** asm-generic/errno-base.h, errno.h */
export const EACCES = 13;
export const EBUSY = 16;
export const ENOSYS = 38;
export const EOPNOTSUPP = 95;
export const EAFNOSUPPORT = 97;

/** linux/netlink.h */
export const AF_NETLINK = 16;
export const NETLINK_AUDIT = 9;

/** linux/net.h: the type is in the low four bits, SOCK_NONBLOCK and SOCK_CLOEXEC above. */
export const socketTypeMask = 0xf;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;

/** linux/in.h. 0 is the family's default for the type. */
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;

/** asm-generic/ioctls.h */
export const TIOCSTI = 0x5412;
export const TIOCLINUX = 0x541c;
export const TIOCSETD = 0x5423;

/** linux/stat.h: the file type's bits of a mode. */
export const S_IFMT = 0xf000;
export const S_IFIFO = 0x1000;
export const S_IFREG = 0x8000;
export const S_IFSOCK = 0xc000;
