import type { IdMapping } from './options/id-maps.js';
import type { LimitName } from './options/limits.js';
import type { NamespaceName } from './options/namespaces.js';

/** What is really in force in a container, read back from the kernel and not taken from what was asked for. */
export interface Enforced {
  /** Whether a system call filter is loaded into every process. */
  readonly seccomp: boolean;
  /** The Landlock ABI in use; `false`: none. */
  readonly landlock: number | false;
  /** Whether BPF programs, too, hold processes to the policy's file rules. */
  readonly bpfLsm: boolean;
  readonly noNewPrivileges: boolean;
  /** Capabilities in the bounding set: `'CAP_CHOWN'`. */
  readonly capabilities: readonly string[];
  /** Kinds of namespace that differ from the host's. */
  readonly namespaces: readonly NamespaceName[];
  readonly userNamespace: boolean;
  /** The ids of its user namespace; absent without one. */
  readonly ids?: EnforcedIds | undefined;
  /** Which control groups hold the container. */
  readonly cgroup: 'v2' | 'v1' | 'hybrid' | false;
  /** For every limit that was set or defaulted, whether the kernel holds it. */
  readonly limits: Readonly<Partial<Record<LimitName, boolean>>>;
  /**
   * What lets the container's processes open the standard devices and those of `devices`, and no other, whatever nodes
   * they find: the devices controller of v1, or a BPF program on their group in v2. `false`: nothing beyond which nodes
   * there are, and mounts on which others open nothing.
   */
  readonly deviceFilter: 'v1' | 'v2' | false;
  readonly network: 'none' | 'host' | 'private';
  /**
   * Whether sockets are bound and connected by the container's process 1, on a copy of the address, as the policy's network
   * rules say: there are rules that only a look at addresses can hold.
   */
  readonly socketBroker: boolean;
  /** Windows: who applied each field of `network` that was asked for. Absent without any. */
  readonly networkFields?: Readonly<Partial<Record<EnforcedNetworkField, NetworkFieldOutcome>>> | undefined;
  /** How far the container's kernel is the host's. */
  readonly isolation: 'namespaces' | 'process' | 'hyperv';
}

/** Which ids of the host a container's processes really have. */
export interface EnforcedIds {
  readonly users: readonly IdMapping[];
  readonly groups: readonly IdMapping[];
  /**
   * Whether layers and binds are mounted so that inside, files belong to the ids that they belong to on disk, while the
   * container's processes have others on the host.
   */
  readonly mappedMounts: boolean;
}

/** What can be asked of a container's network, each on its own. */
export type EnforcedNetworkField = 'address' | 'gateway' | 'dns' | 'mac' | 'ports' | 'nat' | 'egress';

/** `'endpoint'`: the host's networking service. `'in-container'`: configured inside, where the service did not. */
export type NetworkFieldOutcome = 'endpoint' | 'in-container' | 'not applied';
