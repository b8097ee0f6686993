import type { Arch } from '../arch.js';
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_UNIX,
  int32,
  IPPROTO_TCP,
  SOCK_STREAM,
  socketTypeMask,
} from '../base/kernel-values.js';
import { ALLOW } from '../seccomp/answer.js';
import { checkRule } from '../seccomp/check-rule.js';
import { compileRules } from '../seccomp/compile.js';
import type { ArgCondition, SyscallRule } from '../seccomp/rule.js';
import type { NetworkFamily } from './network-rule.js';
import { freeUnixPairs } from './unix-refusal.js';

/** What may be done with sockets, as far as arguments of system calls tell. */
export interface SocketUse {
  /** Of `inet` and `inet6` only TCP. */
  readonly families: readonly NetworkFamily[];
  readonly listen: boolean;
  readonly accept: boolean;
  /** Connecting is watched port by port elsewhere, so nothing may connect by another way than connect(2). */
  readonly watchesConnect: boolean;
}

const NUMBERS: Readonly<Record<NetworkFamily, number>> = { unix: AF_UNIX, inet: AF_INET, inet6: AF_INET6 };
/** linux/socket.h: sends and connects in one, past Landlock's rules for ports. */
const MSG_FASTOPEN = 0x20000000;
/** linux/tcp.h: puts another protocol (SMC) in TCP's place, which Landlock does not take for TCP. */
const TCP_ULP = 31;

const equals = (index: number, value: number): ArgCondition => ({ index, op: '==', value, mask: int32 });
const differs = (index: number, value: number, mask: number = int32): ArgCondition => ({
  index,
  op: '!=',
  value,
  mask,
});

/**
 * A seccomp program that denies (`EPERM`) what `use` does not include, and allows every other system call: to be put
 * after a policy's own. Netlink, which leads to the kernel and no further, is for the policy to judge.
 *
 * @param options.log allow and log instead
 */
export function compileSocketFilter(
  use: SocketUse,
  options: { readonly arch: Arch; readonly log: boolean },
): Uint8Array {
  const rules = denials(use).map((rule, at) => checkRule({ ...rule, action: 'errno' }, `rules[${at}]`));
  return compileRules({ defaultAnswer: ALLOW, unknownAnswer: ALLOW, rules }, options);
}

function denials({ families, listen, accept, watchesConnect }: SocketUse): readonly SyscallRule[] {
  const internet = families.filter((family) => family !== 'unix').map((family) => NUMBERS[family]);
  const permitted = [...families.map((family) => NUMBERS[family]), AF_NETLINK];
  return [
    { names: ['socket'], args: permitted.map((family) => differs(0, family)) },
    // MPTCP, SMC and SCTP are streams as well, and no TCP to Landlock.
    ...internet.flatMap((family): SyscallRule[] => [
      { names: ['socket'], args: [equals(0, family), differs(1, SOCK_STREAM, socketTypeMask)] },
      { names: ['socket'], args: [equals(0, family), differs(2, 0), differs(2, IPPROTO_TCP)] },
    ]),
    ...(families.includes('unix') ? [] : [freeUnixPairs]),
    // Its operations make and connect sockets without any of the system calls named here.
    { names: ['io_uring_setup'] },
    ...(listen ? [] : [{ names: ['listen'] }]),
    ...(accept ? [] : [{ names: ['accept', 'accept4'] }]),
    ...(watchesConnect
      ? [
          { names: ['sendto', 'sendmmsg'], args: [hasFlag(3, MSG_FASTOPEN)] },
          { names: ['sendmsg'], args: [hasFlag(2, MSG_FASTOPEN)] },
          { names: ['setsockopt'], args: [equals(1, IPPROTO_TCP), equals(2, TCP_ULP)] },
        ]
      : []),
  ];
}

function hasFlag(index: number, flag: number): ArgCondition {
  return { index, op: '==', value: flag, mask: flag };
}
