import type { Arch } from '../arch.js';
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_UNIX,
  int32,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
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
  /** Families with UDP. @defaultValue none */
  readonly udp?: readonly InternetName[];
  readonly listen: boolean;
  readonly accept: boolean;
  /** Connecting is watched port by port elsewhere, so nothing may connect by another way than connect(2). */
  readonly watchesConnect: boolean;
  /**
   * Addresses are watched elsewhere, so nothing may have what it sends go somewhere else first. @defaultValue `false`
   */
  readonly watchesRoutes?: boolean;
}

type InternetName = Exclude<NetworkFamily, 'unix'>;

const NUMBERS: Readonly<Record<NetworkFamily, number>> = { unix: AF_UNIX, inet: AF_INET, inet6: AF_INET6 };
/** linux/socket.h: sends and connects in one, past Landlock's rules for ports. */
const MSG_FASTOPEN = 0x20000000;
/** linux/tcp.h: puts another protocol (SMC) in TCP's place, which Landlock does not take for TCP. */
const TCP_ULP = 31;

/**
 * linux/in.h, linux/in6.h: options by which a sender chooses what its packets pass through, or has them wrapped, on their
 * way. IP_OPTIONS; of IPv6 the headers for hops, destinations and routing in their old and new forms, all at once, or with
 * a flow's label.
 */
const ROUTES: readonly (readonly [level: number, option: number])[] = [
  [0, 4],
  ...[3, 4, 5, 6, 32, 54, 55, 57, 59].map((option) => [41, option] as const),
];

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

function denials(use: SocketUse): readonly SyscallRule[] {
  const { families, udp = [], listen, accept, watchesConnect, watchesRoutes = false } = use;
  const permitted = [...new Set([...families, ...udp])];
  return [
    {
      names: ['socket'],
      args: [...permitted.map((family) => differs(0, NUMBERS[family])), differs(0, AF_NETLINK)],
    },
    ...permitted.flatMap((family) =>
      family === 'unix' ? [] : otherKinds(NUMBERS[family], families.includes(family), udp.includes(family)),
    ),
    ...(families.includes('unix') ? [] : [freeUnixPairs]),
    // Its operations make and connect sockets without any of the system calls named here.
    { names: ['io_uring_setup'] },
    ...(listen ? [] : [{ names: ['listen'] }]),
    ...(accept ? [] : [{ names: ['accept', 'accept4'] }]),
    ...(watchesConnect
      ? [
          { names: ['sendto', 'sendmmsg'], args: [hasFlag(3, MSG_FASTOPEN)] },
          { names: ['sendmsg'], args: [hasFlag(2, MSG_FASTOPEN)] },
          setsOption(IPPROTO_TCP, TCP_ULP),
        ]
      : []),
    ...(watchesRoutes ? ROUTES.map(([level, option]) => setsOption(level, option)) : []),
  ];
}

/** What of a family is neither TCP nor UDP: MPTCP, SMC and SCTP are streams as well, and ICMP has datagrams. */
function otherKinds(family: number, tcp: boolean, udp: boolean): readonly SyscallRule[] {
  const kinds = [
    ...(tcp ? [[SOCK_STREAM, IPPROTO_TCP] as const] : []),
    ...(udp ? [[SOCK_DGRAM, IPPROTO_UDP] as const] : []),
  ];
  const one = kinds.length === 1;
  return [
    {
      names: ['socket'],
      args: [equals(0, family), ...kinds.map(([type]) => differs(1, type, socketTypeMask))],
    },
    ...kinds.map(([type, protocol]): SyscallRule => {
      const ofKind = one ? [] : [{ index: 1, op: '==', value: type, mask: socketTypeMask } as const];
      return { names: ['socket'], args: [equals(0, family), ...ofKind, differs(2, 0), differs(2, protocol)] };
    }),
  ];
}

function setsOption(level: number, option: number): SyscallRule {
  return { names: ['setsockopt'], args: [equals(1, level), equals(2, option)] };
}

function hasFlag(index: number, flag: number): ArgCondition {
  return { index, op: '==', value: flag, mask: flag };
}
