import type { Arch } from '../arch.js';
import {
  AF_UNIX,
  EACCES,
  EBUSY,
  EOPNOTSUPP,
  int32,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  socketTypeMask,
} from '../base/kernel-values.js';
import { ALLOW } from '../seccomp/answer.js';
import { checkRule } from '../seccomp/check-rule.js';
import { compileProgram } from '../seccomp/compile.js';
import { HAND_OVER, letPass } from '../seccomp/compile-observed.js';
import type { SyscallRule } from '../seccomp/rule.js';
import { freeUnixPairs } from './unix-refusal.js';

export interface BrokerFilterOptions {
  readonly arch: Arch;
  /** 64 random bits, neither half 0: lets pass the one `sendmsg` that hands out the listening descriptor. */
  readonly pass: bigint;
  /**
   * Whether there are local sockets of datagrams. Each message of one can name whom it is for, in memory that no filter
   * sees, so then messages of every socket are handed over as well.
   */
  readonly datagrams: boolean;
}

/** linux/seccomp.h */
const SECCOMP_FILTER_FLAG_NEW_LISTENER = 8;

/**
 * A seccomp program that hands over to the container's init what sockets are bound and connected to, and allows everything
 * else: to be loaded before a policy's own. What would get around it is refused.
 */
export function compileBrokerFilter({ arch, pass, datagrams }: BrokerFilterOptions): Uint8Array {
  const handedOver: SyscallRule[] = [
    { names: ['connect', 'bind', 'listen'] },
    ...(datagrams
      ? [
          { names: ['sendmsg', 'sendmmsg'] },
          // One without an address goes where the socket is connected to.
          { names: ['sendto'], args: [{ index: 4, op: '!=', value: 0 } as const] },
        ]
      : []),
  ];
  const rules = [
    ...handedOver.map((rule, at) => ({ ...checkRule(rule, `handedOver[${at}]`), answer: HAND_OVER })),
    ...refused(datagrams).map((rule, at) => checkRule({ ...rule, action: 'errno' }, `refused[${at}]`)),
  ];
  return compileProgram(
    { defaultAnswer: ALLOW, unknownAnswer: ALLOW, rules },
    arch,
    (answer) => answer,
    (program, rest) => letPass(program, rest, arch, pass),
  );
}

function refused(datagrams: boolean): readonly SyscallRule[] {
  const kind = { index: 1, op: '!=', mask: socketTypeMask } as const;
  const notStreams: SyscallRule = {
    names: ['socket'],
    args: [
      { index: 0, op: '==', value: AF_UNIX, mask: int32 },
      { ...kind, value: SOCK_STREAM },
      { ...kind, value: SOCK_SEQPACKET },
    ],
    errno: EACCES,
  };
  return [
    ...(datagrams ? [] : [notStreams, { ...freeUnixPairs, errno: EACCES }]),
    // Its operations connect sockets without any of the system calls named here.
    { names: ['io_uring_setup'] },
    // As a kernel without Landlock. Who confined itself by it further would not be held to that by what init does for it.
    {
      names: ['landlock_create_ruleset', 'landlock_add_rule', 'landlock_restrict_self'],
      errno: EOPNOTSUPP,
    },
    // As the kernel answers where there is a listener already. A later one could let calls go on (seccomp_unotify(2)).
    {
      names: ['seccomp'],
      args: [
        {
          index: 1,
          op: '==',
          value: SECCOMP_FILTER_FLAG_NEW_LISTENER,
          mask: SECCOMP_FILTER_FLAG_NEW_LISTENER,
        },
      ],
      errno: EBUSY,
    },
  ];
}
