import { AF_INET, AF_INET6 } from '../base/kernel-values.js';
import { socketUse, tcpSockets, udpSockets, unixSockets } from '../base/shared-groups.js';
import type { SyscallRule } from '../seccomp/rule.js';
import { type NetworkRule, networkOperations } from './network-rule.js';

/**
 * The syscalls that rules need to be of any use: a policy that permits connecting somewhere must let the program make
 * a socket. Where the socket may then go is for the network enforcement; seccomp cannot see addresses.
 */
export function socketRules(rules: readonly NetworkRule[]): readonly SyscallRule[] {
  const useful = rules.filter(
    ({ allow, ports }) => (allow ?? networkOperations).length > 0 && ports?.length !== 0,
  );
  return useful.length === 0 ? [] : [...useful.flatMap(socketsOf), socketUse];
}

function socketsOf({ family, protocol }: NetworkRule): readonly SyscallRule[] {
  if (family === 'unix') return unixSockets;
  const domain = family === 'inet' ? AF_INET : AF_INET6;
  return [
    ...(protocol === 'udp' ? [] : tcpSockets(domain)),
    ...(protocol === 'tcp' ? [] : udpSockets(domain)),
  ];
}
