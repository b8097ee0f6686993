import { FsAccess } from '../files/access.js';
import type { BasePolicy } from './base-policy.js';
import { AF_INET, AF_INET6 } from './kernel-values.js';
import { minimal } from './minimal.js';
import { pipes, selfConfinement, socketUse, tcpSockets, udpSockets, unixSockets } from './shared-groups.js';

/** A client or server: `minimal` and TCP, UDP and local sockets. No other processes. */
export const network: BasePolicy = {
  summary: 'a network client or server: minimal, with TCP, UDP and local sockets',
  capabilities: [
    'CAP_NET_BIND_SERVICE', // servers listen on ports below 1024
  ],
  rules: [
    ...minimal.rules,
    ...tcpSockets(AF_INET),
    ...udpSockets(AF_INET),
    ...tcpSockets(AF_INET6),
    ...udpSockets(AF_INET6),
    ...unixSockets,
    socketUse,
    pipes,
    { reason: 'sending files without a detour through memory', names: ['sendfile', 'splice'] },
    ...selfConfinement,
  ],
  paths: [
    ...minimal.paths,
    ...[
      '/etc/ca-certificates',
      '/etc/gai.conf',
      '/etc/host.conf',
      '/etc/hostname',
      '/etc/hosts',
      '/etc/pki',
      '/etc/protocols',
      '/etc/resolv.conf',
      '/etc/services',
      '/etc/ssl',
      '/run/systemd/resolve', // where /etc/resolv.conf leads on many systems
    ].map((path) => ({ path, access: FsAccess.Read })),
  ],
  confinesFiles: true,
};
