import { describe, expect, test } from 'vitest';
import { type BasePolicyName, createPolicy, type SyscallCall } from '../../src/index.js';

const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16 } as const;
const thread = 0x3d0f00;
const O = { NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;

/** A call, and the base policies that allow it; the others deny it. */
const table: readonly (readonly [what: string, call: SyscallCall, allowedBy: readonly BasePolicyName[]])[] = [
  ['exec', { syscall: 'execve' }, ['custom', 'minimal', 'build', 'network']],
  ['reading', { syscall: 'read' }, ['minimal', 'build', 'network']],
  ['scatter writes (musl stdio)', { syscall: 'writev' }, ['minimal', 'build', 'network']],
  ['opening', { syscall: 'openat' }, ['minimal', 'build', 'network']],
  ['a glibc thread', { syscall: 'clone', args: [thread] }, ['minimal', 'build', 'network']],
  ['a musl thread', { syscall: 'clone', args: [0x7d0f00] }, ['minimal', 'build', 'network']],
  ['fork by clone', { syscall: 'clone', args: [0x1200011] }, ['build']],
  ['vfork by clone (posix_spawn)', { syscall: 'clone', args: [0x4111] }, ['build']],
  ['waiting for a child', { syscall: 'wait4' }, ['build']],
  ['a pipe', { syscall: 'pipe2' }, ['build', 'network']],
  ['making a directory', { syscall: 'mkdirat' }, ['build']],
  ['removing a file', { syscall: 'unlinkat' }, ['build']],
  ['changing a mode', { syscall: 'fchmodat' }, ['build']],
  ['a named pipe', { syscall: 'mknodat', args: [0, 0, 0o10644] }, ['build']],
  ['a regular file by mknod', { syscall: 'mknodat', args: [0, 0, 0o100644] }, ['build']],
  ['another user', { syscall: 'setresuid' }, ['build']],
  ['a terminal', { syscall: 'ioctl', args: [0, 0x5401] }, ['minimal', 'build', 'network']],
  ['the name of a thread', { syscall: 'prctl', args: [15] }, ['minimal', 'build', 'network']],
  ['the name of memory', { syscall: 'prctl', args: [0x53564d41] }, ['minimal', 'build', 'network']],
  ['adopting orphans', { syscall: 'prctl', args: [36] }, ['build']],
  ['reading a limit', { syscall: 'prlimit64', args: [0, 7, 0] }, ['minimal', 'build', 'network']],
  ['setting a limit', { syscall: 'prlimit64', args: [0, 7, 4096] }, ['build']],
  ['setting a limit of another process', { syscall: 'prlimit64', args: [1, 7, 4096] }, []],
  ['asking for the execution domain', { syscall: 'personality', args: [0xffffffff] }, ['build']],
  ['the default execution domain', { syscall: 'personality', args: [0] }, ['build']],
  ['a local socket', { syscall: 'socket', args: [AF.UNIX, 1 | O.CLOEXEC, 0] }, ['build', 'network']],
  ['a pair of sockets', { syscall: 'socketpair', args: [AF.UNIX, 5, 0] }, ['build', 'network']],
  ['a TCP socket', { syscall: 'socket', args: [AF.INET, 1 | O.NONBLOCK | O.CLOEXEC, 6] }, ['network']],
  ['a TCP socket, protocol left open', { syscall: 'socket', args: [AF.INET6, 1, 0] }, ['network']],
  ['a UDP socket', { syscall: 'socket', args: [AF.INET6, 2, 17] }, ['network']],
  ['a raw socket', { syscall: 'socket', args: [AF.INET, 3, 1] }, []],
  ['connecting', { syscall: 'connect' }, ['build', 'network']],
  ['a filter of its own', { syscall: 'seccomp' }, ['build', 'network']],
  ['sending a file', { syscall: 'sendfile' }, ['build', 'network']],
  ['shared memory', { syscall: 'shmget' }, ['build']],
  ['the newest futexes', { syscall: 'futex_wait' }, ['minimal', 'build', 'network']],
];

describe.for(['custom', 'minimal', 'build', 'network'] as const)('%s', (name) => {
  test.for(table)('%s', ([, call, allowedBy]) => {
    for (const arch of ['x64', 'arm64'] as const)
      expect([arch, createPolicy(name).check({ ...call, arch })]).toEqual([
        arch,
        allowedBy.includes(name) ? 'allow' : 'errno',
      ]);
  });
});

test('su and PAM see a kernel without audit, not a refusal', () => {
  const { rules } = createPolicy('build').toJSON().syscalls;
  expect(rules.filter(({ errno }) => errno === 97)).toMatchObject([{ names: ['socket'], action: 'errno' }]);
});
