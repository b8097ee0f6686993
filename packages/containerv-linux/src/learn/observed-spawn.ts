import { randomBytes } from 'node:crypto';
import { chainFilters, type Confinement } from '../confinement.js';
import type { StdioPlan } from '../process/stdio-plan.js';

/** How a process is started to be observed (`native/init/observed_filter.h`). */
export interface ObservedSpawn {
  /** Hands calls over to whoever listens. */
  readonly filter: Uint8Array;
  /** Lets the listening descriptor out. */
  readonly pass: bigint;
  /** Where that is sent; the process's last descriptor until it executes. */
  readonly socket: number;
}

/** 64 random bits of which neither half is 0: halves of 0 are what any program passes. */
export function randomPass(): bigint {
  for (;;) {
    const bytes = randomBytes(8);
    if (bytes.readUInt32LE(0) !== 0 && bytes.readUInt32LE(4) !== 0) return bytes.readBigUInt64LE(0);
  }
}

/**
 * The container's capabilities, and the observed filter in place of the policy's own: what network rules deny by a filter
 * stays denied, and is not handed over. Its ruleset for files is not here:
 * init has it, and applies it to all.
 */
export function observedConfinement(container: Confinement, observed: ObservedSpawn): Confinement {
  const { capabilities, narrowing } = container;
  const filter = narrowing === undefined ? observed.filter : chainFilters(narrowing, observed.filter);
  return { capabilities, filter, filterText: Buffer.from(filter).toString('base64') };
}

/** `plan` with the observer's socket after the program's own descriptors. Closes it with the others. */
export function withObserver(plan: StdioPlan, socket: number, close: (fd: number) => void): StdioPlan {
  let open = true;
  const closeSocket = (): void => {
    if (open) close(socket);
    open = false;
  };
  return {
    childFds: [...plan.childFds, socket],
    takePipes: () => plan.takePipes(),
    closeChildEnds() {
      plan.closeChildEnds();
      closeSocket();
    },
    closeAll() {
      plan.closeAll();
      closeSocket();
    },
  };
}
