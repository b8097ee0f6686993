/**
 * A profile in the form of Docker's and Podman's default ones, written for these tests: it has every feature of the
 * format that those use, with a selection of their syscalls.
 */
export const profile: Readonly<Record<string, unknown>> = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    { architecture: 'SCMP_ARCH_RISCV64', subArchitectures: null },
  ],
  syscalls: [
    {
      names: [
        '_llseek',
        'accept4',
        'close',
        'execve',
        'exit_group',
        'mmap',
        'open',
        'openat',
        'read',
        'recv',
        'write',
      ],
      action: 'SCMP_ACT_ALLOW',
      args: [],
      comment: '',
      includes: {},
      excludes: {},
    },
    { names: ['process_vm_readv', 'ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
    { names: ['io_uring_setup'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '5.10' } },
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 40, op: 'SCMP_CMP_NE' }] },
    ...[0, 8, 131072, 4294967295].map((value) => ({
      names: ['personality'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value, valueTwo: 0, op: 'SCMP_CMP_EQ' }],
    })),
    {
      names: ['sync_file_range2', 'swapcontext'],
      action: 'SCMP_ACT_ALLOW',
      includes: { arches: ['ppc64le'] },
    },
    {
      names: ['arm_fadvise64_64', 'set_tls'],
      action: 'SCMP_ACT_ALLOW',
      includes: { arches: ['arm', 'arm64'] },
    },
    { names: ['arch_prctl', 'modify_ldt'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['amd64', 'x32'] } },
    { names: ['chroot'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_CHROOT'] } },
    { names: ['mount', 'clone', 'clone3'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 2114060288, op: 'SCMP_CMP_MASKED_EQ' }],
      excludes: { caps: ['CAP_SYS_ADMIN'], arches: ['s390', 's390x'] },
    },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 1, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      comment: 's390 has the arguments in another order',
      includes: { arches: ['s390', 's390x'] },
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, excludes: { caps: ['CAP_SYS_ADMIN'] } },
    // As Podman has it: in the general list, and denied where a capability is missing.
    { names: ['setns', 'reboot'], action: 'SCMP_ACT_ALLOW' },
    {
      names: ['setns'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 1,
      errno: 'EPERM',
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    },
    { names: ['setns'], action: 'SCMP_ACT_ALLOW', args: [{ index: 1, value: 0, op: 'SCMP_CMP_EQ' }] },
    { name: 'getpid', action: 'SCMP_ACT_LOG', args: null },
    { names: ['kexec_load'], action: 'SCMP_ACT_KILL_PROCESS' },
    { names: ['uselib'], action: 'SCMP_ACT_KILL' },
    { names: ['vserver'], action: 'SCMP_ACT_TRAP' },
    { names: ['security'], action: 'SCMP_ACT_TRACE', errnoRet: 3 },
  ],
};
