/** Syscalls that no base policy allows, in groups, with what they would open. */
export interface DangerousGroup {
  readonly reason: string;
  readonly names: readonly string[];
  /** No program calls these to see whether they work: at level `strict` the attempt ends the process. */
  readonly deadly: boolean;
}

export const dangerousSyscalls: readonly DangerousGroup[] = [
  {
    reason: 'reading and steering other processes',
    names: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd', 'kcmp', 'process_madvise'],
    deadly: true,
  },
  {
    reason: 'running code in the kernel, or another kernel',
    names: [
      'init_module',
      'finit_module',
      'delete_module',
      'create_module',
      'kexec_load',
      'kexec_file_load',
      'bpf',
    ],
    deadly: true,
  },
  {
    reason: 'changing what the file tree is made of, or its root',
    names: [
      'mount',
      'umount2',
      'pivot_root',
      'chroot',
      'fchroot',
      'move_mount',
      'open_tree',
      'open_tree_attr',
      'fsopen',
      'fsconfig',
      'fsmount',
      'fspick',
      'mount_setattr',
    ],
    deadly: true,
  },
  {
    reason:
      'new namespaces hand out capabilities that many kernel bugs need; old ones lead out of the container',
    names: ['unshare', 'setns'],
    deadly: true,
  },
  {
    reason: 'opening files by number, past every path and mount',
    names: ['open_by_handle_at', 'name_to_handle_at', 'fanotify_init', 'fanotify_mark'],
    deadly: true,
  },
  {
    reason: 'the machine itself: power, swap, clock, ports, names, log',
    names: [
      'reboot',
      'swapon',
      'swapoff',
      'settimeofday',
      'clock_settime',
      'clock_adjtime',
      'adjtimex',
      'iopl',
      'ioperm',
      'acct',
      'quotactl',
      'quotactl_fd',
      'sethostname',
      'setdomainname',
      'syslog',
      'vhangup',
    ],
    deadly: true,
  },
  {
    reason: 'keys are kept per user of the host, not per container',
    names: ['keyctl', 'add_key', 'request_key'],
    deadly: false,
  },
  {
    reason: 'large interfaces with a long record of kernel bugs; runtimes try them and fall back',
    names: [
      'io_uring_setup',
      'io_uring_enter',
      'io_uring_register',
      'userfaultfd',
      'perf_event_open',
      'vmsplice',
    ],
    deadly: false,
  },
  {
    reason: 'placing memory of other processes, and segments of the CPU',
    names: ['move_pages', 'migrate_pages', 'modify_ldt'],
    deadly: false,
  },
];
