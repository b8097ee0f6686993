/** What people call the values, for reasons and messages (linux/socket.h, asm-generic/ioctls.h, linux/prctl.h). */
const names: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  ioctl: {
    0x5401: 'TCGETS',
    0x5402: 'TCSETS',
    0x5403: 'TCSETSW',
    0x5404: 'TCSETSF',
    0x540b: 'TCFLSH',
    0x540e: 'TIOCSCTTY',
    0x540f: 'TIOCGPGRP',
    0x5410: 'TIOCSPGRP',
    0x5412: 'TIOCSTI',
    0x5413: 'TIOCGWINSZ',
    0x5414: 'TIOCSWINSZ',
    0x541b: 'FIONREAD',
    0x541c: 'TIOCLINUX',
    0x5421: 'FIONBIO',
    0x5422: 'TIOCNOTTY',
    0x5423: 'TIOCSETD',
    0x5450: 'FIONCLEX',
    0x5451: 'FIOCLEX',
    0x80045430: 'TIOCGPTN',
    0x40045431: 'TIOCSPTLCK',
    0x5441: 'TIOCGPTPEER',
    0x40049409: 'FICLONE',
    0x80086601: 'FS_IOC_GETFLAGS',
    0x40086602: 'FS_IOC_SETFLAGS',
    0xc020660b: 'FS_IOC_FIEMAP',
  },
  prctl: {
    1: 'PR_SET_PDEATHSIG',
    3: 'PR_GET_DUMPABLE',
    4: 'PR_SET_DUMPABLE',
    8: 'PR_SET_KEEPCAPS',
    15: 'PR_SET_NAME',
    16: 'PR_GET_NAME',
    22: 'PR_SET_SECCOMP',
    23: 'PR_CAPBSET_READ',
    24: 'PR_CAPBSET_DROP',
    29: 'PR_SET_TIMERSLACK',
    36: 'PR_SET_CHILD_SUBREAPER',
    38: 'PR_SET_NO_NEW_PRIVS',
    41: 'PR_SET_THP_DISABLE',
    47: 'PR_CAP_AMBIENT',
    0x53564d41: 'PR_SET_VMA',
  },
  arch_prctl: { 0x1002: 'ARCH_SET_FS', 0x1003: 'ARCH_GET_FS', 0x3001: 'ARCH_CET_STATUS' },
  clone: { 0: 'a process', 0x10000: 'a thread' },
  socket: {
    1: 'AF_UNIX',
    2: 'AF_INET',
    10: 'AF_INET6',
    16: 'AF_NETLINK',
    17: 'AF_PACKET',
    38: 'AF_ALG',
    40: 'AF_VSOCK',
  },
};

const socketTypes: Readonly<Record<number, string>> = {
  1: 'SOCK_STREAM',
  2: 'SOCK_DGRAM',
  3: 'SOCK_RAW',
  5: 'SOCK_SEQPACKET',
};

/** `TCGETS`, or the number in hexadecimal. */
export function argumentName(syscall: string, index: number, value: bigint): string {
  const number = Number(value);
  const family = syscall === 'socketpair' ? 'socket' : syscall;
  if (family === 'socket' && index === 1) return socketTypes[number] ?? hexadecimal(value);
  if (family === 'socket' && index === 2) return value.toString();
  const known = Object.hasOwn(names, family) ? names[family] : undefined;
  return known?.[number] ?? hexadecimal(value);
}

function hexadecimal(value: bigint): string {
  return value < 10n ? value.toString() : `0x${value.toString(16)}`;
}
