import { ContainervError, type ResolvedPortMapping } from 'containerv-api';
import { contains, parseAddress, parseRange } from './ip.js';

const LOOPBACK = parseRange('::1');
/** RFC 4291, 2.5.5.2: what comes to such an address arrives as IPv4. */
const MAPPED = parseRange('::ffff:0:0/96');

/**
 * Refuses addresses of the host that can be bound, and from which nothing can be sent on.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED`
 */
export function refuseUnreachable(ports: readonly ResolvedPortMapping[]): void {
  for (const { hostIp } of ports) {
    if (hostIp === undefined) continue;
    const { family, address } = parseAddress(hostIp);
    const mapped = contains(MAPPED, family, address);
    if (!mapped && !contains(LOOPBACK, family, address)) continue;
    throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `A port cannot be published on ${hostIp}`, {
      step: 'check options',
      hint: mapped
        ? 'Write the IPv4 address as such.'
        : "The kernel sends nothing from ::1 to another interface. '127.0.0.1' is the host's alone, too.",
    });
  }
}
