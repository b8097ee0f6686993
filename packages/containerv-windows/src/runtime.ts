import type { ContainervError, Enforced, UndoStack } from 'containerv-api';
import type { HcsSystem, SystemExit } from './hcs/hcs-api.js';
import type { JoinedNetwork } from './network/join-network.js';

/** What there is of a container only while it runs. */
export interface Runtime {
  /** Processes are started in it. */
  readonly system: HcsSystem;
  /** Its virtual machine, where that is a system of its own. */
  readonly machine: HcsSystem | undefined;
  /** Settles when either of them has ended. */
  readonly exited: Promise<SystemExit>;
  readonly enforced: Enforced;
  /** The endpoint; `null`: it has no network, or another program has it. */
  readonly endpointId: string | null;
  readonly network: JoinedNetwork | undefined;
  readonly warnings: readonly ContainervError[];
  /** Takes all of it down, and gives back what was lent; what fails is on the list that {@link UndoStack.run} gives. */
  readonly undo: UndoStack;
}
