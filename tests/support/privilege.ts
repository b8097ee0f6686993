import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'vitest';
import { isRoot } from './suite.js';

/** For what only root can do. Skipped with its reason in the title for anybody else. */
export function describeAsRoot(title: string, body: () => void): void {
  describe.skipIf(!isRoot)(isRoot ? title : `${title} (skipped: needs root)`, body);
}

/** For what is different without root. Skipped with its reason in the title for root. */
export function describeAsUser(title: string, body: () => void): void {
  describe.skipIf(isRoot)(isRoot ? `${title} (skipped: needs an ordinary user, this is root)` : title, body);
}

/** For what takes control groups: root, or a user whose own group is in one that is delegated. */
export function describeWithGroups(title: string, body: () => void): void {
  const may = isRoot || isDelegated();
  describe.skipIf(!may)(may ? title : `${title} (skipped: needs root, or a delegated control group)`, body);
}

function isDelegated(): boolean {
  const [, own] = /^0::(\/.+)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? [];
  const [, mount] = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8')) ?? [];
  if (own === undefined || mount === undefined) return false;
  try {
    accessSync(path.join(mount, path.dirname(own), 'cgroup.subtree_control'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const NETWORK_TOOLS = ['ip', 'nft', 'nsenter', 'unshare'];

/** For private networks: root, and the programs that the tests look at them with. */
export function describeNetwork(title: string, body: () => void): void {
  const missing = NETWORK_TOOLS.filter((name) => spawnSync(name, ['--version']).error !== undefined);
  const reason = !isRoot ? 'needs root' : missing.length > 0 ? `needs ${missing.join(', ')}` : undefined;
  const described = reason === undefined ? title : `${title} (skipped: ${reason})`;
  describe.skipIf(reason !== undefined)(described, body);
}
