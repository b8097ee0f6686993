import type { BasePolicy } from './base-policy.js';
import { ENOSYS } from './kernel-values.js';

/**
 * Nothing but what it takes to become a program and to end.
 *
 * A statically linked program that only calls `exit` runs under it; see test/kernel for the proof. A dynamically
 * linked one does not get through its loader: start from `minimal` for those.
 */
export const custom: BasePolicy = {
  summary: 'nothing but exec and exit; to be filled by rules of your own',
  capabilities: [],
  rules: [
    {
      reason: 'the container installs the filter before it replaces itself with the command',
      names: ['execve', 'execveat'],
    },
    {
      reason: 'ending, also from and after a signal handler; the kernel itself restarts interrupted sleeps',
      names: ['exit', 'exit_group', 'rt_sigreturn', 'restart_syscall'],
    },
    {
      reason: 'its flags are in memory, where no filter can see them: libc falls back to clone',
      names: ['clone3'],
      action: 'errno',
      errno: ENOSYS,
    },
  ],
  paths: [],
  confinesFiles: false,
};
