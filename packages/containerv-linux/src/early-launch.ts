import type { ContainerSpec } from 'containerv-api';
import { isUnifiedHost } from './cgroup/cgroup.js';
import type { Native } from './native.js';
import { cloneFlags } from './plan/namespace-flags.js';

/**
 * The kernel makes a container's namespaces while we plan it. Not on cgroup v2, where process 1 is born in a control
 * group that is still to be made.
 */
export class EarlyLaunch {
  readonly #native: Native;
  #launch: number;

  constructor(native: Native, spec: ContainerSpec) {
    this.#native = native;
    this.#launch = isUnifiedHost() ? -1 : native.beginLaunch(cloneFlags(spec.namespaces));
  }

  /** Its descriptor, once, for who takes it over; otherwise -1. */
  take(): number {
    const launch = this.#launch;
    this.#launch = -1;
    return launch;
  }

  /** Ends what nobody has taken. */
  async [Symbol.asyncDispose](): Promise<void> {
    const launch = this.take();
    if (launch >= 0) await this.#native.abandonLaunch(launch);
  }
}
