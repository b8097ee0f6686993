import { statSync } from 'node:fs';
import {
  ContainervError,
  type ContainerSpec,
  type Enforced,
  type IdMapping,
  type NamespaceName,
} from 'containerv-api';
import type { Cgroup } from './cgroup/cgroup.js';
import { capabilitiesIn, type Confinement } from './confinement.js';

const NAMESPACE_FILES: Readonly<Record<NamespaceName, string>> = {
  mount: 'mnt',
  pid: 'pid',
  net: 'net',
  ipc: 'ipc',
  uts: 'uts',
  user: 'user',
  cgroup: 'cgroup',
  time: 'time',
};
const SECCOMP = /^Seccomp:\s*(\d+)$/m;
const SECCOMP_MODE_FILTER = '2';
const NO_NEW_PRIVILEGES = /^NoNewPrivs:\s*(\d+)$/m;
const BOUNDING_SET = /^CapBnd:\s*([\da-f]+)$/m;

/** What init cannot tell. */
interface SeenOutside extends Pick<Cgroup, 'version' | 'limits' | 'deviceFilter'> {
  readonly mappedMounts: boolean;
  /** Whether the programs for file rules were seen to be asked. */
  readonly bpfLsm: boolean;
}

/**
 * What the kernel says of a process that took on the container's confinement: `report` has its /proc/PID/status
 * (proc_pid_status(5)), a line `ns TYPE INODE` for each namespace that init is in, and `landlock ABI` when a ruleset was
 * seen to deny what it has to: 0 when it did not, and `sockets judged` when calls of sockets were seen to be answered.
 */
export function readEnforced(
  report: string,
  network: Enforced['network'],
  { version, limits, deviceFilter, mappedMounts, bpfLsm }: SeenOutside,
): Enforced {
  const namespaces = ownNamespaces(report);
  return {
    seccomp: SECCOMP.exec(report)?.[1] === SECCOMP_MODE_FILTER,
    landlock: Number(/^landlock (\d+)$/m.exec(report)?.[1] ?? 0) || false,
    bpfLsm,
    noNewPrivileges: NO_NEW_PRIVILEGES.exec(report)?.[1] === '1',
    capabilities: capabilitiesIn(BigInt(`0x${BOUNDING_SET.exec(report)?.[1] ?? '0'}`)),
    namespaces,
    userNamespace: namespaces.includes('user'),
    ids: namespaces.includes('user') ? { ...idMaps(report), mappedMounts } : undefined,
    cgroup: version,
    limits,
    deviceFilter,
    network,
    socketBroker: /^sockets judged$/m.test(report),
    isolation: 'namespaces',
  };
}

/** Positions of path rules that gave nothing, as init tells them in its report. */
export function readMissed(report: string): string {
  return /^landlock-missed (.*)$/m.exec(report)?.[1] ?? '';
}

/** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when something that was asked for is not in force. */
export function verifyEnforced(
  enforced: Enforced,
  spec: ContainerSpec,
  {
    capabilities,
    ruleset,
    fileRules,
    sockets,
  }: Pick<Confinement, 'capabilities' | 'ruleset' | 'fileRules' | 'sockets'>,
): void {
  const missing: string[] = [];
  if (ruleset !== undefined && enforced.landlock === false) missing.push('the Landlock ruleset');
  if (spec.bpfLsm && fileRules !== undefined && !enforced.bpfLsm) missing.push('the programs for file rules');
  if (sockets !== undefined && !enforced.socketBroker) missing.push('rules for single sockets');
  if (!enforced.seccomp) missing.push('the seccomp filter');
  if (!enforced.noNewPrivileges) missing.push('no_new_privs');
  for (const [name, wanted] of Object.entries(spec.namespaces)) {
    if (wanted && !enforced.namespaces.includes(name as NamespaceName)) missing.push(`the ${name} namespace`);
  }
  const allowed = capabilitiesIn(capabilities);
  const extra = enforced.capabilities.filter((name) => !allowed.includes(name));
  if (extra.length > 0) missing.push(`dropping ${extra.join(', ')}`);
  if (missing.length === 0) return;
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `Not in force: ${missing.join(', ')}`, {
    step: 'verify confinement',
    hint: 'The kernel took the request and did not do it. See: containerv doctor',
  });
}

/** Lines `uid_map INSIDE OUTSIDE COUNT`. */
function idMaps(report: string): { users: IdMapping[]; groups: IdMapping[] } {
  const mappings = (file: string): IdMapping[] =>
    [...report.matchAll(/^([ug]id_map) +(\d+) +(\d+) +(\d+)$/gm)].flatMap(
      ([, name, container, host, size]) =>
        name === file ? [{ container: Number(container), host: Number(host), size: Number(size) }] : [],
    );
  return { users: mappings('uid_map'), groups: mappings('gid_map') };
}

function ownNamespaces(report: string): NamespaceName[] {
  const inside = new Map(
    [...report.matchAll(/^ns (\w+) (\d+)$/gm)].map(([, type, inode]) => [type, Number(inode)]),
  );
  return (Object.entries(NAMESPACE_FILES) as [NamespaceName, string][]).flatMap(([name, file]) => {
    const inode = inside.get(file);
    return inode !== undefined && inode !== hostNamespace(file) ? [name] : [];
  });
}

const hostNamespaces = new Map<string, number | undefined>();

/** This process's own, which do not change: nothing in Node enters a namespace. */
function hostNamespace(file: string): number | undefined {
  if (!hostNamespaces.has(file)) {
    hostNamespaces.set(file, statSync(`/proc/self/ns/${file}`, { throwIfNoEntry: false })?.ino);
  }
  return hostNamespaces.get(file);
}
