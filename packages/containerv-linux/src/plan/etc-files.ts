import type { ContainerSpec } from 'containerv-api';
import type { RootOperation } from './operation.js';

/** /etc/hostname, /etc/hosts and /etc/resolv.conf: files of the container's own, over whatever the root has. */
export function etcFiles(spec: ContainerSpec, hostResolvConf: string): RootOperation[] {
  // A root that is the user's own directory, or read-only, gets no new files: only what is there is covered.
  const mayCreate = spec.root.kind === 'host' || spec.writable === 'overlay' || spec.writable === 'tmpfs';
  const flags = mayCreate ? (['create'] as const) : (['skip-missing'] as const);
  const file = (path: string, content: string): RootOperation => ({ op: 'file', path, flags, content });
  return [
    file('/etc/hostname', `${spec.hostname}\n`),
    file('/etc/hosts', hosts(spec.hostname)),
    file('/etc/resolv.conf', spec.network.mode === 'none' ? '# no network\n' : hostResolvConf),
  ];
}

function hosts(hostname: string): string {
  const short = hostname.split('.')[0] ?? hostname;
  const names = short === hostname ? hostname : `${hostname} ${short}`;
  return `127.0.0.1\tlocalhost ${names}\n::1\tlocalhost ip6-localhost ip6-loopback ${names}\n`;
}
