import type { ContainerSpec } from 'containerv-api';
import type { RootOperation } from './operation.js';
import { liesOnHost } from './root-layers.js';

export interface EtcFile {
  readonly path: string;
  readonly content: string;
}

/** What {@link etcFiles} makes. */
export const GENERATED_FILES: readonly string[] = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];

/** In the staging tree: the topmost of the layers that a container's root is composed of. */
export const GENERATED_LAYER = 'generated';

/** /etc/hostname, /etc/hosts and /etc/resolv.conf of the container's own. */
export function etcFiles(
  spec: ContainerSpec,
  network: { readonly resolvConf: string; readonly hosts?: string },
): EtcFile[] {
  return [
    { path: '/etc/hostname', content: `${spec.hostname}\n` },
    { path: '/etc/hosts', content: network.hosts ?? hosts(spec.hostname) },
    { path: '/etc/resolv.conf', content: network.resolvConf },
  ];
}

/**
 * Into a layer below `base` in the staging tree. As the topmost layer of a root they take the place of whatever the
 * layers below have there, a link that leads nowhere too.
 */
export function placeEtcFiles(files: readonly EtcFile[], base: string): RootOperation[] {
  return files.map(({ path, content }) => ({
    op: 'file',
    place: 'staging',
    path: `${base}${path}`,
    flags: [],
    content,
  }));
}

/** Over the files of a directory that the caller keeps; where it has no such file, there is none. */
export function bindEtcFiles(spec: ContainerSpec, files: readonly EtcFile[]): RootOperation[] {
  const layered = liesOnHost(spec.root) || spec.writable === 'overlay' || spec.writable === 'tmpfs';
  if (layered) return [];
  return files.map(({ path, content }) => ({ op: 'file', path, flags: ['bound', 'skip-missing'], content }));
}

/** A file of the host as /etc/hosts, which others go on writing to. */
export function bindHosts(source: string): RootOperation {
  return {
    op: 'bind',
    path: '/etc/hosts',
    source,
    flags: ['skip-missing'],
    attributes: ['readonly', 'nosuid', 'nodev', 'noexec'],
  };
}

function hosts(hostname: string): string {
  const short = hostname.split('.')[0] ?? hostname;
  const names = short === hostname ? hostname : `${hostname} ${short}`;
  return `127.0.0.1\tlocalhost ${names}\n::1\tlocalhost ip6-localhost ip6-loopback ${names}\n`;
}
