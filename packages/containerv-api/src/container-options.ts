import type { Device } from './options/devices.js';
import type { Environment } from './options/environment.js';
import type { IdMap } from './options/id-maps.js';
import type { Limits } from './options/limits.js';
import type { Mount } from './options/mounts.js';
import type { Namespaces } from './options/namespaces.js';
import type { Network } from './options/network.js';
import type { PolicyName, SecurityPolicy } from './options/policy.js';
import type { Rlimits } from './options/rlimits.js';
import type { Layer, Writable } from './options/root.js';
import type { Sysctls } from './options/sysctls.js';
import type { TimeOffsets } from './options/time-offsets.js';
import type { User } from './options/user.js';
import type { WindowsOptions } from './options/windows.js';

/**
 * What a container is to be. Every field is optional; an unknown field is an error.
 * For every list that permits something, leaving it out means the default and an empty list means nothing.
 */
export interface ContainerOptions {
  /** 1 to 63 of `a-z A-Z 0-9 _ . -`, starting with a letter or digit. @defaultValue generated */
  readonly id?: string | undefined;
  /**
   * `'host'`: the machine's own system directories, read-only, under a private writable overlay; needs no download.
   * A path: a root directory (Linux), a windowsfilter folder (Windows). @defaultValue 'host'
   */
  readonly rootfs?: string | undefined;
  /** Pieces of the root file system, lowest first; instead of `rootfs`. */
  readonly layers?: readonly Layer[] | undefined;
  /** Where writes to the root go. @defaultValue 'overlay' */
  readonly writable?: Writable | undefined;
  /** Mounted on top of the root, in order. @defaultValue none */
  readonly mounts?: readonly Mount[] | undefined;
  /** System calls, file access, capabilities and network rules. @defaultValue 'build' */
  readonly policy?: SecurityPolicy | PolicyName | undefined;
  /** @defaultValue memory '1G', cpuWeight 100, pids 256 */
  readonly limits?: Limits | undefined;
  /** @defaultValue 'none' */
  readonly network?: Network | undefined;
  /** Which kinds of namespace are the container's own. @defaultValue all but `time` */
  readonly namespaces?: Namespaces | undefined;
  /** User ids of the user namespace. @defaultValue 'auto' */
  readonly users?: IdMap | undefined;
  /** Group ids of the user namespace. @defaultValue 'auto' */
  readonly groups?: IdMap | undefined;
  /** Who processes run as. @defaultValue the container's root */
  readonly user?: User | undefined;
  /** @defaultValue the id */
  readonly hostname?: string | undefined;
  /** Name of the NIS domain, as getdomainname(2) tells it. @defaultValue none */
  readonly domainname?: string | undefined;
  /** How far its clocks are off the host's; brings `namespaces.time`. @defaultValue none */
  readonly timeOffsets?: TimeOffsets | undefined;
  /** Variables of every process; nothing is taken from the host's environment. @defaultValue `PATH` alone */
  readonly env?: Environment | undefined;
  /** Where processes start, absolute. @defaultValue '/' */
  readonly cwd?: string | undefined;
  /** Resource limits of every process. @defaultValue the host's */
  readonly rlimits?: Rlimits | undefined;
  /**
   * Processors that processes start on, as `'0-3,5'`; each must be one the container has. What holds whatever a process
   * does is `limits.cpuset`. @defaultValue all of the container's
   */
  readonly cpuAffinity?: string | undefined;
  /** Device nodes besides the standard ones. @defaultValue none */
  readonly devices?: readonly Device[] | undefined;
  /** Kernel parameters of the container's namespaces. @defaultValue none */
  readonly sysctls?: Sysctls | undefined;
  /** From -1000, never killed for memory, to 1000, killed first. @defaultValue the caller's */
  readonly oomScoreAdj?: number | undefined;
  /**
   * Whether BPF programs (BPF LSM), besides Landlock, hold processes to the policy's file rules, and to those of their own,
   * and count. `true` where the kernel does not take them: `ERR_CONTAINERV_UNSUPPORTED`. They go by the control group: root
   * of the host can exempt a process by moving it to another. Linux only, as root. @defaultValue false
   */
  readonly bpfLsm?: boolean | undefined;
  /** `true`: outlives the process that created it. `false`: dies with it, whatever kills it. @defaultValue false */
  readonly detached?: boolean | undefined;
  /** Aborts creation, with nothing left behind. */
  readonly signal?: AbortSignal | undefined;
  /** Ignored with a warning event where the host is not Windows. */
  readonly windows?: WindowsOptions | undefined;
}
