/** What a host offers to containers. */
export interface HostReport {
  /** Whether `createContainer()` without options works here. */
  readonly usable: boolean;
  readonly checks: readonly HostCheck[];
}

/** One thing that containers need or can use. */
export interface HostCheck {
  /** `'user namespaces'`. */
  readonly name: string;
  /** `'degraded'`: containers work, with less. `'missing'`: not here. */
  readonly status: 'ok' | 'degraded' | 'missing';
  /** What was found. */
  readonly detail: string;
  /** The command or the change that mends it, where there is one. */
  readonly fix?: string | undefined;
}
