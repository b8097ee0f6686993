import { FsAccess } from '../files/access.js';
import { type BasePolicy, anyOf, hasBits, isInt } from './base-policy.js';
import {
  AF_NETLINK,
  EAFNOSUPPORT,
  NETLINK_AUDIT,
  newNamespaces,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from './kernel-values.js';
import { minimal } from './minimal.js';
import { pipes, selfConfinement, socketUse, unixSockets } from './shared-groups.js';

/** Kinds of file that mknod may make: none of them is a device. 0 means a regular file, as S_IFREG does. */
const plainKinds = [0, S_IFREG, S_IFIFO, S_IFSOCK];

/** prctl operations of privilege-dropping and supervising programs (linux/prctl.h). */
const processPrctl = {
  PR_GET_KEEPCAPS: 7,
  PR_SET_KEEPCAPS: 8,
  PR_CAPBSET_DROP: 24,
  PR_GET_SECUREBITS: 27,
  PR_SET_CHILD_SUBREAPER: 36,
  PR_GET_CHILD_SUBREAPER: 37,
  PR_CAP_AMBIENT: 47,
} as const;

/** Compilers, package managers, version control, test suites: processes, file trees and local sockets; no network. */
export const build: BasePolicy = {
  summary: 'builds and tests: processes, file trees, local sockets; no network',
  // Each is about files and processes of the container itself. Left out of what other runtimes give: SETFCAP (no build
  // needs file capabilities, and on a shared directory they would outlive the container), SETPCAP, MKNOD, NET_RAW,
  // NET_BIND_SERVICE, SYS_CHROOT, AUDIT_WRITE.
  capabilities: [
    'CAP_CHOWN', // tar and install give files their owners
    'CAP_DAC_OVERRIDE', // root unpacks into and cleans directories whose mode shuts it out
    'CAP_FOWNER', // chmod and utimes on files of other owners: tar, rsync, touch
    'CAP_FSETID', // keeps set-group-ID on directories that tar and install make
    'CAP_KILL', // make and test runners end children that changed their user
    'CAP_SETGID', // package managers and test suites drop to an unprivileged user
    'CAP_SETUID',
  ],
  rules: [
    ...minimal.rules,
    {
      reason: 'starting processes, without new namespaces',
      names: ['clone'],
      args: [hasBits(0, newNamespaces, 0)],
    },
    {
      reason: 'starting processes, waiting for them, grouping them',
      names: [
        'fork',
        'vfork',
        'wait4',
        'waitid',
        'setpgid',
        'setsid',
        'pidfd_open',
        'pidfd_send_signal',
        'setpriority',
        'ioprio_get',
        'ioprio_set',
        'sched_setaffinity',
        'sched_setscheduler',
        'sched_setparam',
        'sched_setattr',
      ],
    },
    {
      reason: 'its own resource limits (pid 0); only root of the host could raise a hard one',
      names: ['prlimit64'],
      args: [isInt(0, 0)],
    },
    {
      reason: 'changing its user, to one the container has',
      names: [
        'setuid',
        'setgid',
        'setreuid',
        'setregid',
        'setresuid',
        'setresgid',
        'setfsuid',
        'setfsgid',
        'setgroups',
        'capset',
      ],
    },
    ...anyOf(
      'dropping privileges and adopting orphans',
      ['prctl'],
      Object.values(processPrctl).map((operation) => [isInt(0, operation)]),
    ),
    ...selfConfinement,
    {
      reason: 'making, renaming and removing files and directories',
      names: [
        'creat',
        'mkdir',
        'mkdirat',
        'rmdir',
        'rename',
        'renameat',
        'renameat2',
        'link',
        'linkat',
        'symlink',
        'symlinkat',
        'unlink',
        'unlinkat',
        'memfd_create',
      ],
    },
    ...anyOf(
      'making named pipes and sockets, not devices',
      ['mknod'],
      plainKinds.map((kind) => [hasBits(1, S_IFMT, kind)]),
    ),
    ...anyOf(
      'making named pipes and sockets, not devices',
      ['mknodat'],
      plainKinds.map((kind) => [hasBits(2, S_IFMT, kind)]),
    ),
    {
      reason: 'changing what files are and hold',
      names: [
        'truncate',
        'ftruncate',
        'fallocate',
        'chmod',
        'fchmod',
        'fchmodat',
        'fchmodat2',
        'chown',
        'lchown',
        'fchown',
        'fchownat',
        'utime',
        'utimes',
        'futimesat',
        'utimensat',
        'setxattr',
        'lsetxattr',
        'fsetxattr',
        'setxattrat',
        'removexattr',
        'lremovexattr',
        'fremovexattr',
        'removexattrat',
        'file_getattr',
        'file_setattr',
      ],
    },
    {
      reason: 'copying without a detour through memory, and getting written data to disk',
      names: [
        'sendfile',
        'copy_file_range',
        'splice',
        'tee',
        'sync',
        'syncfs',
        'sync_file_range',
        'cachestat',
      ],
    },
    {
      reason: 'watching files',
      names: ['inotify_init', 'inotify_init1', 'inotify_add_watch', 'inotify_rm_watch'],
    },
    pipes,
    ...unixSockets,
    {
      reason: 'as a kernel without audit answers: su and PAM then go on, at EPERM they give up',
      names: ['socket'],
      action: 'errno',
      errno: EAFNOSUPPORT,
      args: [isInt(0, AF_NETLINK), isInt(2, NETLINK_AUDIT)],
    },
    socketUse,
    {
      reason:
        'System V and POSIX queues, semaphores and shared memory of the container (fakeroot, PostgreSQL)',
      names: [
        'shmget',
        'shmat',
        'shmdt',
        'shmctl',
        'semget',
        'semop',
        'semtimedop',
        'semctl',
        'msgget',
        'msgsnd',
        'msgrcv',
        'msgctl',
        'mq_open',
        'mq_unlink',
        'mq_timedsend',
        'mq_timedreceive',
        'mq_notify',
        'mq_getsetattr',
      ],
    },
    ...anyOf(
      'the default execution domain (0), and asking which one it is (0xffffffff)',
      ['personality'],
      [[isInt(0, 0)], [isInt(0, 0xffffffff)]],
    ),
  ],
  paths: [
    ...minimal.paths,
    { path: '/dev', access: FsAccess.Read | FsAccess.Write },
    { path: '/etc', access: FsAccess.Read },
    { path: '/opt', access: FsAccess.Read | FsAccess.Execute },
    { path: '/run', access: FsAccess.Read },
    { path: '/sys', access: FsAccess.Read },
    { path: '/tmp', access: FsAccess.All }, // test programs are built and run there
    { path: '/var/lib', access: FsAccess.Read },
  ],
  confinesFiles: false,
};
