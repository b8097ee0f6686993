import type { Container, ContainerState } from './container.js';
import type { ContainerOptions } from './container-options.js';
import type { HostReport } from './host-report.js';
import type { LearnOptions, LearnReport, ObservedRun, ObserveOptions } from './learning.js';
import type { PolicyName, SecurityPolicy } from './options/policy.js';

/** What every driver package exports, and the package `containerv` hands on. */
export interface ContainerDriver {
  /** Makes a container and starts its init. Nothing is left behind when it rejects. */
  createContainer(options?: ContainerOptions): Promise<Container>;
  /** Attaches to a container from any process. @throws ContainervError `ERR_CONTAINERV_NOT_FOUND`. */
  joinContainer(id: string): Promise<Container>;
  /** All containers of this user, the stopped and the crashed included. */
  listContainers(): Promise<ContainerInfo[]>;
  /** Removes what owners that crashed left behind. */
  pruneContainers(): Promise<PruneReport>;
  /** What works on this host, what is missing and how to fix it. */
  probeHost(): Promise<HostReport>;
  /** The private networks of this machine, of every program. Absent where the platform has none of this kind. */
  listNetworks?(): Promise<NetworkInfo[]>;
  /** Runs a command and gives the policy that it needs. Absent where the platform cannot observe programs. */
  learnPolicy?(command: string, args?: readonly string[], options?: LearnOptions): Promise<LearnReport>;
  /** Runs a command under a policy and tells what was denied. Absent where the platform cannot observe programs. */
  checkPolicy?(
    policy: SecurityPolicy | PolicyName,
    command: string,
    args?: readonly string[],
    options?: ObserveOptions,
  ): Promise<ObservedRun>;
}

/** A private network that containers are on. */
export interface NetworkInfo {
  /** Of its bridge. */
  readonly name: string;
  /** `'10.209.0.0/20'` */
  readonly subnet: string;
  /** The host's address on it. */
  readonly hostIp: string;
  /** Whether its containers reach each other. */
  readonly shared: boolean;
  readonly containers: readonly { readonly id: string; readonly address: string }[];
}

/** One line of `listContainers()`. */
export interface ContainerInfo {
  readonly id: string;
  readonly state: ContainerState;
  readonly guest: 'linux' | 'windows';
  /** The init's process id on the host; `null` when it does not run or has none. */
  readonly initPid: number | null;
  /** The process that created it; `null` when it is detached. */
  readonly ownerPid: number | null;
  readonly detached: boolean;
  readonly createdAt: Date;
  /** `'host'`, a path, or `'layers'`. */
  readonly rootfs: string;
  /** The policy's name. */
  readonly policy: string;
}

export interface PruneReport {
  readonly removed: readonly PrunedContainer[];
  /** What could not be removed, and why. */
  readonly failed: readonly { readonly id: string; readonly message: string }[];
}

export interface PrunedContainer {
  readonly id: string;
  /** What was released, for people: `'cgroup /sys/fs/cgroup/...'`. */
  readonly released: readonly string[];
}
