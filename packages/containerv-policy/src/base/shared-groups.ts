import type { SyscallRule } from '../seccomp/rule.js';
import { anyOf, hasBits, isInt } from './base-policy.js';
import {
  AF_INET,
  AF_UNIX,
  type InternetFamily,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  socketTypeMask,
} from './kernel-values.js';

const type = (value: number): ReturnType<typeof hasBits> => hasBits(1, socketTypeMask, value);

/** Sockets between processes of one machine. Raw types are not among them. */
export const unixSockets: readonly SyscallRule[] = anyOf(
  'AF_UNIX sockets: stream, datagram, sequenced packets',
  ['socket', 'socketpair'],
  [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET].map((value) => [isInt(0, AF_UNIX), type(value)]),
);

/** TCP over IPv4 or IPv6: the protocol is named, or left to the kernel as 0. */
export function tcpSockets(family: InternetFamily): readonly SyscallRule[] {
  return anyOf(
    `TCP over ${family === AF_INET ? 'IPv4' : 'IPv6'}; no raw sockets, no other protocol`,
    ['socket'],
    [0, IPPROTO_TCP].map((protocol) => [isInt(0, family), type(SOCK_STREAM), isInt(2, protocol)]),
  );
}

/** UDP over IPv4 or IPv6. */
export function udpSockets(family: InternetFamily): readonly SyscallRule[] {
  return anyOf(
    `UDP over ${family === AF_INET ? 'IPv4' : 'IPv6'}; no raw sockets, no other protocol`,
    ['socket'],
    [0, IPPROTO_UDP].map((protocol) => [isInt(0, family), type(SOCK_DGRAM), isInt(2, protocol)]),
  );
}

/** What can be done with a socket once it exists; which kinds exist is decided by `socket`. */
export const socketUse: SyscallRule = {
  reason: 'using sockets of the kinds allowed',
  names: [
    'connect',
    'bind',
    'listen',
    'accept',
    'accept4',
    'getsockname',
    'getpeername',
    'getsockopt',
    'setsockopt',
    'sendto',
    'recvfrom',
    'sendmsg',
    'recvmsg',
    'sendmmsg',
    'recvmmsg',
    'shutdown',
  ],
};

/** Runtimes such as libuv wake their event loop through these. */
export const pipes: SyscallRule = { reason: 'pipes', names: ['pipe', 'pipe2'] };

/** A filter can only ever be made stricter, so a program may confine itself further. */
export const selfConfinement: readonly SyscallRule[] = [
  {
    reason: 'confining itself further; the kernel lets no later filter or ruleset permit more',
    names: ['seccomp', 'landlock_create_ruleset', 'landlock_add_rule', 'landlock_restrict_self'],
  },
  { reason: 'the older way to load a filter (PR_SET_SECCOMP)', names: ['prctl'], args: [isInt(0, 22)] },
];
