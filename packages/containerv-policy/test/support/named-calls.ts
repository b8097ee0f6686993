import { type Arch } from '../../src/arch.js';

/** A call by name with the arguments that matter, and why it is in the list. */
export interface NamedCall {
  readonly what: string;
  readonly syscall: string;
  readonly args?: readonly bigint[];
  /** Architectures that have it; both by default. */
  readonly only?: Arch;
}

const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_ALG, AF_VSOCK] = [
  1n,
  2n,
  10n,
  16n,
  17n,
  38n,
  40n,
];
const [STREAM, DGRAM, RAW, RDM, SEQPACKET, PACKET] = [1n, 2n, 3n, 4n, 5n, 10n];
const [NONBLOCK, CLOEXEC] = [0o4000n, 0o2000000n];
const upper = 1n << 32n;

/** No base policy allows any of these; the kernel must answer `EPERM`. */
export const forbidden: readonly NamedCall[] = [
  { what: 'new user namespace', syscall: 'unshare', args: [0x10000000n] },
  { what: 'unshare of nothing', syscall: 'unshare', args: [0n] },
  { what: 'entering a namespace', syscall: 'setns', args: [0n, 0n] },
  ...[0x00020000n, 0x02000000n, 0x04000000n, 0x08000000n, 0x10000000n, 0x20000000n, 0x40000000n].map(
    (flag) => ({
      what: `clone with namespace flag 0x${flag.toString(16)}`,
      syscall: 'clone',
      args: [flag | 17n],
    }),
  ),
  { what: 'a thread in a new user namespace', syscall: 'clone', args: [0x10010900n] },
  { what: 'clone with a namespace flag and upper bits', syscall: 'clone', args: [upper | 0x10000000n] },
  ...[
    'mount',
    'umount2',
    'pivot_root',
    'move_mount',
    'open_tree',
    'fsopen',
    'fsconfig',
    'fsmount',
    'fspick',
  ].map(call),
  ...['mount_setattr', 'open_tree_attr', 'chroot', 'fchroot'].map(call),
  ...['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd', 'kcmp', 'process_madvise'].map(call),
  ...['bpf', 'perf_event_open', 'userfaultfd', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'].map(
    call,
  ),
  ...['keyctl', 'add_key', 'request_key'].map(call),
  ...['init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load'].map(call),
  { what: 'create_module', syscall: 'create_module', only: 'x64' },
  ...['open_by_handle_at', 'name_to_handle_at', 'fanotify_init', 'fanotify_mark'].map(call),
  ...['reboot', 'swapon', 'swapoff', 'settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex'].map(call),
  ...['acct', 'quotactl', 'quotactl_fd', 'sethostname', 'setdomainname', 'syslog', 'vhangup'].map(call),
  { what: 'I/O ports', syscall: 'iopl', args: [3n], only: 'x64' },
  { what: 'I/O ports', syscall: 'ioperm', args: [0n, 1n, 1n], only: 'x64' },
  { what: 'CPU segments', syscall: 'modify_ldt', only: 'x64' },
  ...[
    'memfd_secret',
    'move_pages',
    'migrate_pages',
    'mbind',
    'set_mempolicy',
    'vmsplice',
    'remap_file_pages',
  ].map(call),
  ...['io_setup', 'io_submit', 'statmount', 'listmount', 'listns', 'setrlimit'].map(call),
  { what: 'AF_ALG', syscall: 'socket', args: [AF_ALG, SEQPACKET, 0n] },
  { what: 'AF_ALG with upper bits', syscall: 'socket', args: [AF_ALG | upper, SEQPACKET, 0n] },
  { what: 'AF_VSOCK', syscall: 'socket', args: [AF_VSOCK, STREAM, 0n] },
  { what: 'AF_PACKET', syscall: 'socket', args: [AF_PACKET, RAW, 0n] },
  { what: 'AF_PACKET datagrams', syscall: 'socket', args: [AF_PACKET, DGRAM, 0n] },
  { what: 'AF_NETLINK', syscall: 'socket', args: [AF_NETLINK, RAW, 0n] },
  { what: 'nf_tables', syscall: 'socket', args: [AF_NETLINK, RAW, 12n] },
  ...[RAW, RAW | NONBLOCK, RAW | CLOEXEC, RAW | upper, RDM, PACKET].flatMap((type) =>
    [AF_UNIX, AF_INET, AF_INET6].map((family) => ({
      what: `raw and odd sockets: family ${family}, type 0x${type.toString(16)}`,
      syscall: 'socket',
      args: [family, type, 255n],
    })),
  ),
  { what: 'ping sockets', syscall: 'socket', args: [AF_INET, DGRAM, 1n] },
  { what: 'SCTP', syscall: 'socket', args: [AF_INET, STREAM, 132n] },
  { what: 'MPTCP', syscall: 'socket', args: [AF_INET, STREAM, 262n] },
  { what: 'L2TP', syscall: 'socket', args: [AF_INET6, DGRAM, 115n] },
  { what: 'typing into a terminal', syscall: 'ioctl', args: [0n, 0x5412n] },
  { what: 'typing into a terminal, upper bits set', syscall: 'ioctl', args: [0n, upper | 0x5412n] },
  { what: 'typing into a console', syscall: 'ioctl', args: [0n, 0x541cn] },
  {
    what: 'typing into a console, upper bits set',
    syscall: 'ioctl',
    args: [0n, (0xffffffffn << 32n) | 0x541cn],
  },
  { what: 'another line discipline', syscall: 'ioctl', args: [0n, 0x5423n] },
  { what: 'no address randomisation', syscall: 'personality', args: [0x0040000n] },
  { what: 'readable means executable', syscall: 'personality', args: [0x0400000n] },
  { what: 'another kernel version', syscall: 'personality', args: [0x0020000n] },
  { what: 'memory layout (PR_SET_MM)', syscall: 'prctl', args: [35n] },
  { what: 'secure bits', syscall: 'prctl', args: [28n] },
  { what: 'core scheduling', syscall: 'prctl', args: [62n] },
  { what: 'mitigations off', syscall: 'prctl', args: [53n] },
  { what: 'merging of equal pages', syscall: 'prctl', args: [67n] },
  { what: 'a block device', syscall: 'mknodat', args: [0n, 0n, 0x6000n | 0o600n, 0x700n] },
  { what: 'a character device', syscall: 'mknodat', args: [0n, 0n, 0x2000n | 0o600n, 0x103n] },
  { what: 'a character device', syscall: 'mknod', args: [0n, 0x2000n | 0o600n, 0x103n], only: 'x64' },
];

function call(syscall: string): NamedCall {
  return { what: syscall, syscall };
}
