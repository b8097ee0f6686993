import { cloneFlags } from '../base/kernel-values.js';
import { ALLOW } from '../seccomp/answer.js';
import type { CheckedRule } from '../seccomp/rule.js';

interface Companions {
  readonly reason: string;
  /** The group belongs to a program that called one of these; empty: to every program. */
  readonly when: readonly string[];
  readonly names: readonly string[];
}

/** Calls that a run may do without and the next one not, for reasons that are not the program's. */
const groups: readonly Companions[] = [
  {
    reason: 'time, which the kernel mostly tells without a system call, and on some machines not',
    when: [],
    names: ['clock_gettime', 'clock_getres', 'gettimeofday', 'time', 'getcpu'],
  },
  {
    reason: 'memory: which of these malloc uses depends on sizes and on threads',
    when: ['brk', 'mmap', 'munmap', 'mremap', 'madvise', 'mprotect'],
    names: ['brk', 'mmap', 'munmap', 'mremap', 'madvise', 'mprotect'],
  },
  {
    reason: 'locks between threads, which take a system call only when they are contended',
    when: ['futex', 'set_robust_list', 'set_tid_address'],
    names: ['futex', 'sched_yield', 'clock_nanosleep', 'rt_sigprocmask', 'gettid', 'getpid', 'tgkill'],
  },
  {
    reason: 'ends of other processes, which may come before or while they are waited for',
    when: ['wait4', 'waitid'],
    names: ['wait4', 'waitid', 'kill', 'rt_sigprocmask', 'rt_sigsuspend', 'rt_sigaction'],
  },
  {
    reason: 'reading and writing, in parts when a pipe is full or empty',
    when: ['read', 'write', 'readv', 'writev'],
    names: ['read', 'write', 'readv', 'writev', 'poll', 'ppoll', 'select', 'pselect6'],
  },
];

/** Requests of ioctl that a libc or runtime makes according to what its streams lead to: terminal, pipe or file. */
const streamRequests = [0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451].map(BigInt);

const { CLONE_VM, CLONE_SIGHAND, CLONE_THREAD } = cloneFlags;

/** Calls with arguments of interest that belong to what was seen. Those that make tasks are not handed over themselves. */
export function companionCalls(
  seen: ReadonlySet<string>,
  { processes, threads }: { readonly processes: boolean; readonly threads: boolean },
): readonly (readonly [name: string, args: readonly bigint[]])[] {
  const streams = seen.has('ioctl') ? streamRequests.map((request) => ['ioctl', [0n, request]] as const) : [];
  // A child that does nothing but end is not seen, but waited for.
  const starts = processes || seen.has('wait4') || seen.has('waitid');
  const process = starts
    ? ([
        ['clone', [0n]],
        ['fork', []],
        ['vfork', []],
      ] as const)
    : [];
  const thread = threads ? ([['clone', [BigInt(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)]]] as const) : [];
  return [...streams, ...process, ...thread];
}

/** Of these only what `within` allows whatever the arguments. */
export function companionsOf(
  seen: ReadonlySet<string>,
  within: readonly CheckedRule[],
): readonly CheckedRule[] {
  const free = new Set(
    within
      .filter(({ answer, conditions }) => answer === ALLOW && conditions.length === 0)
      .flatMap((rule) => rule.names),
  );
  const restricted = new Set(within.filter(({ answer }) => answer !== ALLOW).flatMap((rule) => rule.names));
  return groups.flatMap(({ reason, when, names }): CheckedRule[] => {
    if (when.length > 0 && !when.some((name) => seen.has(name))) return [];
    const allowed = names.filter((name) => free.has(name) && !restricted.has(name));
    const bound = within.find((rule) => rule.names.includes(allowed[0] ?? ''))?.arches;
    return allowed.length === 0 || bound === undefined
      ? []
      : [{ reason, names: allowed, answer: ALLOW, conditions: [], arches: bound }];
  });
}
