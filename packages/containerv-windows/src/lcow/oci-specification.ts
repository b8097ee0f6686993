import { containerPath, type ContainerSpec, type ResolvedMount } from 'containerv-api';
import { guestOf } from '../documents/guest.js';
import { compact, type JsonObject } from '../documents/json.js';
import { hcsLimits } from '../documents/limits.js';
import { mappedDirectories } from '../documents/mapped-directories.js';
import { seccompProfile } from '../security/policy.js';
import type { WindowsHost } from '../windows-host.js';
import {
  deviceRules,
  MASKED_PATHS,
  READONLY_PATHS,
  STANDARD_DEVICES,
  STANDARD_MOUNTS,
} from './oci-standard.js';
import { type OciProcessInput, ociProcess } from './oci-process.js';

const OCI_VERSION = '1.0.2';
const PERIOD_US = 100_000;

/**
 * The OCI specification of a Linux container on Windows: its root is `/chef/rootfs` of the virtual machine, and what is
 * shared with it, below that, appears without the prefix. Every field where config-linux.md has it.
 */
export function ociSpecification(spec: ContainerSpec, host: WindowsHost, init: OciProcessInput): JsonObject {
  const guest = guestOf(spec, host.build);
  return compact({
    ociVersion: OCI_VERSION,
    process: ociProcess(init, spec.policy, spec.oomScoreAdj),
    root: { path: containerPath('/', 'lcow'), readonly: spec.writable === false },
    hostname: spec.hostname,
    mounts: [
      ...STANDARD_MOUNTS,
      ...mappedDirectories(spec, host, guest).map(({ target, readonly }) => ({
        destination: target,
        type: 'bind',
        source: containerPath(target, 'lcow'),
        options: ['rbind', 'rprivate', 'nosuid', 'nodev', readonly ? 'ro' : 'rw'],
      })),
      ...spec.mounts.flatMap((mount) => tmpfs(mount)),
    ],
    linux: compact({
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
      devices: STANDARD_DEVICES,
      resources: resources(spec, host),
      cgroupsPath: `/${spec.id}`,
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      seccomp: seccompProfile(spec.policy, host.arch ?? 'x64'),
      sysctl: Object.keys(spec.sysctls).length === 0 ? undefined : spec.sysctls,
    }),
    windows:
      host.networkNamespace === undefined
        ? undefined
        : { network: { networkNamespace: host.networkNamespace } },
  });
}

/** The virtual machine has the limits too; these keep what runs beside the container in it, its agent, alive. */
function resources(spec: ContainerSpec, host: WindowsHost): JsonObject {
  const { processor } = hcsLimits(spec.limits, host.processors, { os: 'linux', isolation: 'hyperv' });
  const { memoryBytes, pids } = spec.limits;
  const cpu =
    processor.kind === 'maximum'
      ? { quota: Math.floor((processor.value / 10_000) * host.processors * PERIOD_US), period: PERIOD_US }
      : { shares: sharesOf(processor.value) };
  return compact({
    devices: deviceRules(),
    memory: memoryBytes === 'max' ? undefined : { limit: memoryBytes },
    cpu,
    pids: pids === 'max' ? undefined : { limit: pids },
  });
}

/** cgroup v1 shares of a weight: 100 is 1024, from 2 up, as runc converts them the other way. */
function sharesOf(weight: number): number {
  return Math.max(2, Math.round((weight * 1024) / 100));
}

function tmpfs(mount: ResolvedMount): JsonObject[] {
  if (mount.type !== 'tmpfs') return [];
  const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
  const options = ['nosuid', 'nodev', 'mode=1777', mount.readonly ? 'ro' : 'rw', ...size];
  return [{ destination: mount.target, type: 'tmpfs', source: 'tmpfs', options }];
}
