import type { Arch } from '../arch.js';
import {
  AF_UNIX,
  EACCES,
  int32,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  socketTypeMask,
} from '../base/kernel-values.js';
import { ALLOW } from '../seccomp/answer.js';
import { checkRule } from '../seccomp/check-rule.js';
import { compileRules } from '../seccomp/compile.js';
import type { SyscallRule } from '../seccomp/rule.js';

const isUnix = { index: 0, op: '==', value: AF_UNIX, mask: int32 } as const;

/**
 * Pairs of datagram sockets: either end can be sent from, or connected, to any other address (unix(7)), which makes each
 * as good as a socket of its own. Ends of streams and sequenced packets reach nobody but each other.
 */
export const freeUnixPairs: SyscallRule = {
  names: ['socketpair'],
  args: [
    isUnix,
    { index: 1, op: '!=', value: SOCK_STREAM, mask: socketTypeMask },
    { index: 1, op: '!=', value: SOCK_SEQPACKET, mask: socketTypeMask },
  ],
};

/**
 * A seccomp program that refuses sockets of the family AF_UNIX with `EACCES` and lets everything else through: for a
 * policy whose network rules have none for `unix`, which permits none.
 */
export function compileUnixRefusal(arch: Arch): Uint8Array {
  const refused = [{ names: ['socket'], args: [isUnix] }, freeUnixPairs];
  const rules = refused.map((rule, at) =>
    checkRule({ ...rule, action: 'errno', errno: EACCES }, `rules[${at}]`),
  );
  return compileRules({ defaultAnswer: ALLOW, unknownAnswer: ALLOW, rules }, { arch, log: false });
}
