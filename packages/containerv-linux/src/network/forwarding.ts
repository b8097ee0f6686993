import { readFileSync, writeFileSync } from 'node:fs';

const IPV4 = '/proc/sys/net/ipv4/ip_forward';
const IPV6 = '/proc/sys/net/ipv6/conf/all/forwarding';

/**
 * Lets the host route, without which nothing that a container sends gets beyond it. Stays on, as others may rely on it
 * from then on. @returns whether it was off
 */
export function enableForwarding(): boolean {
  if (read(IPV4) !== '0') return false;
  writeFileSync(IPV4, '1\n');
  return true;
}

/**
 * Whether the host routes IPv6. It is never switched on: a host that does no longer listens to router advertisements,
 * by which it may have its own connection (`accept_ra` in the kernel's ip-sysctl).
 */
export function forwardsIpv6(): boolean {
  return read(IPV6) === '1';
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
