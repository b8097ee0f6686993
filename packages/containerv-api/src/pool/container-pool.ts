import type { Container } from '../container.js';
import type { ContainerOptions } from '../container-options.js';
import type { ContainervError } from '../errors.js';

/** What `createPool` takes: the options of every container in it, and how many are kept ready. */
export interface PoolOptions extends Omit<ContainerOptions, 'id' | 'detached'> {
  /** How many containers wait to be taken, 1 to 1000. */
  readonly size: number;
}

export interface TakeOptions {
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Containers that were made ahead: each runs its init and nothing else, so that the first process in it is one message
 * away. All are made with the same options by the same user, and each is given out once. They end with this program.
 */
export interface ContainerPool extends AsyncDisposable {
  readonly size: number;
  /** How many can be taken at once now. */
  readonly ready: number;
  /**
   * A container of the caller's own, to be destroyed by it. The pool makes another once there is a pause. When none is
   * ready, calls are served in their order.
   * @throws ContainervError what kept the pool from making one; `ERR_CONTAINERV_ABORTED`; `ERR_CONTAINERV_STATE` when it
   * is destroyed, or the program is another user's by now.
   */
  take(options?: TakeOptions): Promise<Container>;
  /** Destroys what nobody has taken. Safe to call twice. */
  destroy(): Promise<void>;
  /** = `destroy` */
  [Symbol.asyncDispose](): Promise<void>;

  on<Name extends keyof PoolEvents>(event: Name, listener: (...args: PoolEvents[Name]) => void): this;
  once<Name extends keyof PoolEvents>(event: Name, listener: (...args: PoolEvents[Name]) => void): this;
  off<Name extends keyof PoolEvents>(event: Name, listener: (...args: PoolEvents[Name]) => void): this;
}

export interface PoolEvents {
  /** A container could not be made, or ended before anybody took it. Another is tried, ever more slowly. */
  warning: [warning: ContainervError];
}
