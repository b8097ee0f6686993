import type { HostView } from '../../src/plan/host-view.js';
import type { RootContext } from '../../src/plan/root-operations.js';
import { SourceTrees } from '../../src/plan/source-trees.js';

/** A small host: /usr, /bin as a link into it, a package store, and two entries of /etc. */
export const HOST: HostView = {
  system: [
    { path: '/usr', kind: 'directory', covered: false },
    { path: '/bin', kind: 'link', target: 'usr/bin' },
    { path: '/lib64', kind: 'directory', covered: false },
  ],
  stores: [{ path: '/nix/store', kind: 'directory', covered: false }],
  etc: [
    { path: '/etc/passwd', kind: 'file' },
    { path: '/etc/ssl/certs', kind: 'directory', covered: false },
    { path: '/etc/localtime', kind: 'link', target: '/usr/share/zoneinfo/UTC' },
  ],
};

export const CONTEXT: RootContext = {
  host: HOST,
  trees: new SourceTrees(false),
  directory: '/data/box',
  userAttributes: false,
  volatile: false,
  memoryBytes: 4096,
  etcFiles: [{ path: '/etc/hostname', content: 'box\n' }],
};

/** What there is when nothing is written to the disk. */
export const WITHOUT_DISK: RootContext = { ...CONTEXT, directory: undefined };
