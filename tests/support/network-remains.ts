import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { hostCommand } from './network.js';

const REGISTRY = '/run/containerv-network';

/** What private networks have on the host, as far as it belongs to one bridge or to containers of these ids. */
export interface NetworkRemains {
  /** The bridge, and the host's ends of links on it or of these ids. */
  readonly interfaces: readonly string[];
  /** Tables of the bridge, of its ports, and of ports whose interface is gone. */
  readonly tables: readonly string[];
  /** Directories for the files that others on the bridge write to. */
  readonly records: readonly string[];
}

interface Link {
  readonly ifname: string;
  readonly master?: string;
  readonly ifalias?: string;
}

export function networkRemains(bridge: string, ids: readonly string[]): NetworkRemains {
  const links = JSON.parse(hostCommand('ip', '-json', 'link', 'show')) as readonly Link[];
  const interfaces = links.filter(
    ({ ifname, master, ifalias = '' }) =>
      ifname === bridge || master === bridge || ids.includes(ifalias.split(' ')[3] ?? ''),
  );
  const ours = new Set(interfaces.map(({ ifname }) => ifname));
  const all = new Set(links.map(({ ifname }) => ifname));
  const tables = hostCommand('nft', 'list', 'tables')
    .split('\n')
    .filter((line) => {
      const name = line.split(' ')[2] ?? '';
      return (
        ours.has(name) || name === `containerv-${bridge}` || (/^cv[0-9a-f]{8}$/.test(name) && !all.has(name))
      );
    });
  return {
    interfaces: [...ours].sort(),
    tables: tables.sort(),
    records: records(ids).sort(),
  };
}

/** Those of these ids, and those that nothing was written to: somebody else's is empty for a moment only. */
function records(ids: readonly string[]): string[] {
  if (!existsSync(REGISTRY)) return [];
  return readdirSync(REGISTRY).filter((token) => {
    if (token === 'lock') return false;
    const texts = ['own', 'hosts'].map((name) => read(path.join(REGISTRY, token, name)));
    return texts.every((text) => text === '') || ids.some((id) => texts.join('\n').split(/\s/).includes(id));
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
