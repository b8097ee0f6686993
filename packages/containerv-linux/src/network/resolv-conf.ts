import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** The host's own, and what systemd-resolved knows behind its local stub. */
const FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** What {@link resolvConf} gives when all name servers of the host are its loopback addresses'. */
export const withoutServers = '# The host has no name servers that can be reached from here.\n';

/** /etc/resolv.conf for a container with a network of its own: the name servers given, or the host's. */
export async function resolvConf(dns: readonly string[] | undefined): Promise<string> {
  if (dns !== undefined) return serverLines(dns);
  for (const file of FILES) {
    const reachable = withoutLocalServers(await readFile(file, 'utf8').catch(() => ''));
    if (reachable !== undefined) return reachable;
  }
  return withoutServers;
}

/** `undefined`: no server is left. Those at the host's loopback addresses are out of a container's reach. */
export function withoutLocalServers(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => {
    const server = /^\s*nameserver\s+(\S+)/.exec(line)?.[1];
    return server === undefined || !isLoopback(server);
  });
  return lines.some((line) => /^\s*nameserver\s/.test(line)) ? lines.join('\n') : undefined;
}

function serverLines(servers: readonly string[]): string {
  return servers.map((server) => `nameserver ${server}\n`).join('');
}

function isLoopback(address: string): boolean {
  return isIP(address) === 4 ? address.startsWith('127.') : /^(?:::1|::ffff:127\.)/.test(address);
}
