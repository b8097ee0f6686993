import type { ContainerSpec } from 'containerv-api';
import type { RootOperation } from './operation.js';

export interface EtcFile {
  readonly path: string;
  readonly content: string;
}

/** In the staging tree: the topmost of the layers that a container's root is composed of. */
export const GENERATED_LAYER = 'generated';

/** /etc/hostname, /etc/hosts and /etc/resolv.conf of the container's own. */
export function etcFiles(spec: ContainerSpec, hostResolvConf: string): EtcFile[] {
  return [
    { path: '/etc/hostname', content: `${spec.hostname}\n` },
    { path: '/etc/hosts', content: hosts(spec.hostname) },
    { path: '/etc/resolv.conf', content: spec.network.mode === 'none' ? '# no network\n' : hostResolvConf },
  ];
}

/**
 * How the files come into the root. Of a composed root they are the topmost layer, so that whatever the layers below
 * have there, a link that leads nowhere too, gives way; in one that is made for the container they are just written;
 * and over a directory that the caller keeps they are bound, where it has such files.
 */
export function placeEtcFiles(spec: ContainerSpec, files: readonly EtcFile[]): RootOperation[] {
  if (isComposed(spec)) {
    return files.map(({ path, content }) => ({
      op: 'file',
      place: 'staging',
      path: `${GENERATED_LAYER}${path}`,
      flags: [],
      content,
    }));
  }
  const flags = spec.root.kind === 'host' ? [] : (['bound', 'skip-missing'] as const);
  return files.map(({ path, content }) => ({ op: 'file', path, flags, content }));
}

/** Whether the root is an overlay of its own, which can take one more layer. */
export function isComposed({ root, writable }: ContainerSpec): boolean {
  return root.kind !== 'host' && (writable === 'overlay' || writable === 'tmpfs');
}

function hosts(hostname: string): string {
  const short = hostname.split('.')[0] ?? hostname;
  const names = short === hostname ? hostname : `${hostname} ${short}`;
  return `127.0.0.1\tlocalhost ${names}\n::1\tlocalhost ip6-localhost ip6-loopback ${names}\n`;
}
