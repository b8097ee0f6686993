import type { NamespaceName, ResolvedNamespaces } from 'containerv-api';

/**
 * CLONE_NEW* of linux/sched.h for the namespaces that init is born in. It makes the other two by itself: a cgroup
 * namespace's root is the cgroup at that moment, so init has to be moved first, and the time namespace of a process
 * is that of its children.
 */
const CLONE_FLAGS: Readonly<Partial<Record<NamespaceName, number>>> = {
  mount: 0x00020000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
};

export function cloneFlags(namespaces: ResolvedNamespaces): number {
  let flags = 0;
  for (const [name, flag] of Object.entries(CLONE_FLAGS)) {
    if (namespaces[name as NamespaceName]) flags += flag;
  }
  return flags;
}
